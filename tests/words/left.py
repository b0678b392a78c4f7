"""What of a page is left in English, seen in the language that nobody speaks.

A word of ours has accents there. Plain letters are what people wrote, which the
database holds, or what nobody translates; anything else was not marked.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from django.apps import apps

from tests.pseudo_locale import ACCENTS, ROOT

# Elements whose text is no sentence of ours. Nor is prose: Markdown of a researcher.
APART = {"script", "style", "code", "pre", "kbd", "time", "textarea"}
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
    *("source", "track", "wbr", "path", "circle", "rect"),
}
HUMAN = ("title", "aria-label", "aria-valuetext", "placeholder", "alt", "data-label")
# The pseudo-locale gives these letters an accent.
PLAIN = "".join(chr(code) for code in ACCENTS)
WORD = re.compile(r"[^\W\d_]{2,}")
IS_PLAIN = re.compile(f"[{PLAIN}]")
# A shorter stretch must be the whole of a text in the database.
LONG = 16

# Names that are the same in every language.
NAMES = {
    "Polyphony": "the product",
    "simulated": "a person's id on a platform, which the database keeps encrypted",
    "REST": "what the interface is called everywhere",
    "API": "as above",
    "Prolific": "a platform's name",
    "Mechanical Turk": "a platform's name",
    "SONA": "a platform's name",
    "JSONL": "a file format",
    "JSON": "a file format",
    "CSV": "a file format",
    "TSV": "a file format",
    "Parquet": "a file format",
    "JSON lines": "a file format",
    "USD": "a currency",
    "GBP": "a currency",
    "kB": "a unit",
    "MB": "a unit",
}


class Reader(HTMLParser):
    """Collects texts and the attributes that people read or hear, with their place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        is_own = given.get("translate") == "no" or "prose" in classes
        for name in HUMAN:
            if given.get(name) and not is_own and not self.is_apart:
                self.found.append((f"<{tag} {name}>", given[name] or ""))
        if tag == "input" and given.get("type") in {"submit", "button"}:
            self.found.append(("<input value>", given.get("value") or ""))
        if tag not in VOID:
            self.open.append((tag, is_own or tag in APART))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.is_apart:
            inner = " ".join(name for name, _ in self.open[-2:])
            self.found.append((inner, data))

    @property
    def is_apart(self) -> bool:
        """Tell whether what comes now is nobody's to translate."""
        return any(is_own for _, is_own in self.open)


# Modules with the words of a study, which belong to its researchers once it begins.
STUDY = (
    "annotation/project_templates.py",
    "annotation/people_templates.py",
    "annotation/prism_survey.py",
    "annotation/allocation/census.py",
)


class Stored:
    """Every text that the database holds or a study begins with, leaves included."""

    def __init__(self) -> None:
        self.whole = {normal(text) for path in STUDY for text in texts_of(path)}
        for model in apps.get_models():
            for row in model._default_manager.values_list():
                self.whole.update(map(normal, leaves(row)))
        self.all = "\n".join(sorted(self.whole))
        self.words = {normal(part) for part in re.split(r", |[.:] |\n", self.all)}

    def holds(self, text: str) -> bool:
        """Tell whether somebody wrote this."""
        found = normal(text)
        if found in self.whole or (len(found) >= LONG and found in self.all):
            return True
        parts = re.split(r", |[.:] ", found)
        return len(parts) > 1 and all(normal(part) in self.words for part in parts)


def texts_of(path: str) -> Iterator[str]:
    """Yield the texts that a module holds."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def leaves(value: object) -> Iterator[str]:
    """Yield the strings in a value."""
    if isinstance(value, str):
        yield value
        if value[:1] in "[{":
            yield from _inside(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *leaves(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)


def _inside(text: str) -> Iterator[str]:
    try:
        yield from leaves(json.loads(text))
    except ValueError:
        return


def normal(text: str) -> str:
    """Return the text with single spaces, without what stands at its edges."""
    return re.sub(r"^[\W\d]+|[\W\d]+$", "", " ".join(text.split())).casefold()


def plain_stretches(text: str) -> Iterator[str]:
    """Yield what stands between the accented words of a text, and has a word."""
    ours = [found for found in WORD.finditer(text) if not IS_PLAIN.search(found[0])]
    accented = [one for one in ours if not one[0].isascii()]
    starts = [0, *(one.end() for one in accented)]
    ends = [*(one.start() for one in accented), len(text)]
    for start, end in zip(starts, ends, strict=True):
        for part in re.split("[⟦⟧·]", text[start:end]):
            if any(IS_PLAIN.search(word) for word in WORD.findall(part)):
                yield part.strip()


def left_in(html: str, stored: Stored, names: Iterable[str] = NAMES) -> Iterator[str]:
    """Yield what of a page is in English, with the element it stands in."""
    reader = Reader()
    reader.feed(html)
    longest = sorted(names, key=len, reverse=True)
    known = re.compile(rf"\b({'|'.join(map(re.escape, longest))})\b")
    for place, text in reader.found:
        if stored.holds(text):
            continue
        for part in plain_stretches(text):
            rest = known.sub("", part)
            if WORD.search(rest) and not stored.holds(part) and not stored.holds(rest):
                yield f"{place}: {part[:160]!r}"
