"""PURE: the raw view of a text, and the key under which its HTML is cached."""

import hashlib
import re
from collections.abc import Iterable
from html import escape

from annotation.rendering.differences import Span

# Neither NUL nor half of a surrogate pair can stand in an HTML page or in UTF-8.
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")


def printable(text: str) -> str:
    """Replace what no page can carry by U+FFFD, one for one, so offsets stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


def text_key(text: str) -> str:
    """Return the SHA-256 of the text in hexadecimal: its key in any cache."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def render_raw(text: str, spans: Iterable[Span] = ()) -> str:
    """Return the text as it is, escaped, with `spans` marked.

    Parameters
    ----------
    spans
        Character offsets as `differences` returns them: ascending, not overlapping.
    """
    text = printable(text)
    parts = []
    position = 0
    for span in spans:
        parts.append(escape(text[position : span.start]))
        marked = escape(text[span.start : span.end])
        parts.append(f'<mark class="diff-only">{marked}</mark>')
        position = span.end
    parts.append(escape(text[position:]))
    # A page drops the first line end inside <pre>; it is doubled to survive.
    first = "\n" if text.startswith(("\n", "\r")) else ""
    return f'<pre class="raw" tabindex="0">{first}{"".join(parts)}</pre>'
