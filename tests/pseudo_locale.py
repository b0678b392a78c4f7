"""A language that shows what is not marked: ⟦Ĥéļļö ···⟧, made from the catalogues.

Text keeps its placeholders, tags and code, gets accents and brackets, and grows by a
third. `ar-xb` is the same from right to left.
"""

import gettext
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
import rest_framework

ROOT = Path(__file__).resolve().parents[1]
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "en-xa", "ar-xb"
CODES = (LEFT_TO_RIGHT, RIGHT_TO_LEFT)
BEGIN, END, PADDING = "⟦", "⟧", "·"
HEADER = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
# What a translator leaves as it is.
KEPT = re.compile(
    r"(\{[^{}]*\}|%\(\w+\)[.\d]*[a-z]|%[.\d]*[a-z]|%%|<[^<>]*>|&\w+;|&#\d+;|`[^`]*`)"
)
ACCENTS = str.maketrans(
    "aeiounyAEIOUNYcdghklrstzCDGHKLRSTZ",
    "åéíöüñýÅÉÍÖÜÑÝçđğĥķļŕšťžÇĐĞĤĶĻŔŠŤŽ",
)


def pseudo(message: str) -> str:
    """Return the message in the language that nobody speaks."""
    inner = message.strip()
    if not inner:
        return message
    start = message.index(inner)
    before, after = message[:start], message[start + len(inner) :]
    parts = KEPT.split(inner)
    parts[::2] = [part.translate(ACCENTS) for part in parts[::2]]
    padding = PADDING * (len(inner) // 3 + 1)
    return f"{before}{BEGIN}{''.join(parts)} {padding}{END}{after}"


def messages(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield each message of a catalogue: its key, and the plural where it has one."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if not line.startswith('"'):
                name, _, line = line.partition(" ")
            fields[name] = fields.get(name, "") + unescape(line.strip()[1:-1])
        if not fields.get("msgid"):
            continue
        context = f"{fields['msgctxt']}\x04" if "msgctxt" in fields else ""
        plural = (fields["msgid_plural"],) if "msgid_plural" in fields else ()
        yield (context + fields["msgid"], *plural)


def unescape(text: str) -> str:
    """Return the text of a line between its quotation marks."""
    pairs = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: pairs.get(found[1], found[1]), text)


def entry(forms: tuple[str, ...]) -> tuple[str, str]:
    """Return a message's key and value as the compiled catalogue holds them."""
    key, *plural = forms
    words = key.rpartition("\x04")[2]
    return "\0".join(forms), "\0".join(map(pseudo, (words, *plural)))


def compiled(catalogue: Iterable[tuple[str, ...]]) -> bytes:
    """Return a catalogue in the format of `.mo` files."""
    entries = dict(map(entry, catalogue)) | {"": HEADER}
    pairs = [(k.encode(), v.encode()) for k, v in sorted(entries.items())]
    n_head = 28
    offset = n_head + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    texts = b""
    for table, side in zip(tables, zip(*pairs, strict=True), strict=True):
        for text in side:
            table += [len(text), offset + len(texts)]
            texts += text + b"\0"
    places = (n_head, n_head + 8 * len(pairs))
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), *places, 0, offset)
    numbers = [number for table in tables for number in table]
    return head + struct.pack(f"<{len(numbers)}I", *numbers) + texts


def libraries() -> Iterator[tuple[str, ...]]:
    """Yield the messages of Django and of REST framework that pages may show."""
    folder = Path(django.__path__[0])
    for part in ("conf", "contrib/auth", "contrib/humanize"):
        yield from messages(folder / part / "locale/en/LC_MESSAGES/django.po")
    path = Path(rest_framework.__path__[0]) / "locale/en/LC_MESSAGES/django.mo"
    with path.open("rb") as file:
        known = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # its only list
    yield from ((key,) for key in known if isinstance(key, str) and key)


def write(folder: Path) -> None:
    """Write the catalogues of both languages below the folder."""
    own = ROOT / "annotation/locale"
    django_catalogue = compiled([*libraries(), *messages(own / "django.pot")])
    script_catalogue = compiled(messages(own / "djangojs.pot"))
    for code in CODES:
        base, _, region = code.partition("-")
        place = folder / f"{base}_{region.upper()}" / "LC_MESSAGES"
        place.mkdir(parents=True)
        (place / "django.mo").write_bytes(django_catalogue)
        (place / "djangojs.mo").write_bytes(script_catalogue)
