"""Find words in templates and scripts that no translator would ever see.

Simple tokenizers: they know tags, strings and comments, and nothing of what they mean.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Found:
    """Words without a mark, and the line they stand on."""

    line: int
    words: str


# --- templates ---------------------------------------------------------------------

# What holds no words of ours, or marked ones.
SPENT = re.compile(
    r"\{%\s*comment.*?endcomment\s*%\}"
    r"|\{%\s*blocktranslate.*?endblocktranslate\s*%\}"
    r"|\{#.*?#\}"
    r"|\{%\s*block (?:body_class|styles|scripts)\s*%\}.*?\{%\s*endblock\s*%\}"
    r"|<(script|style|kbd|code)\b.*?</\1>"
    r"|<!doctype[^>]*>",
    re.DOTALL,
)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ELEMENT = re.compile(r"</?[a-zA-Z][^<>]*>")
HUMAN = "title|aria-label|aria-valuetext|aria-description|placeholder|alt|data-label"
ATTRIBUTE = re.compile(rf'(?<![\w-])(?:{HUMAN})="([^"]*)"')
# Words given to a filter or to another template.
GIVEN = re.compile(r'(?:\|default(?:_if_none)?:|\b\w+=)"([^"]*)"')
# An argument is a sentence or a heading; what has neither space nor capital is a name.
SPOKEN = re.compile(r"^[A-Z][a-z]+|[a-z]{2,} [a-z]")
ENTITY = re.compile(r"&#?\w+;")


def blank(text: str) -> str:
    """Return spaces in the place of the text, with its lines kept."""
    return re.sub(r"[^\n]", " ", text)


def in_template(source: str) -> Iterator[Found]:
    """Yield the words of a template that are not marked."""

    def found(place: int, words: str) -> Found:
        return Found(source.count("\n", 0, place) + 1, " ".join(words.split())[:80])

    for tag in TAG.finditer(SPENT.sub(_blank_match, source)):
        if tag[0].startswith(("{% load", "{% extends", "{% url")):
            continue
        for given in GIVEN.finditer(tag[0]):
            if SPOKEN.search(given[1]):
                yield found(tag.start() + given.start(1), given[1])
    text = ENTITY.sub(_blank_match, TAG.sub(_blank_match, _spent(source)))
    for element in ELEMENT.finditer(text):
        for attribute in ATTRIBUTE.finditer(element[0]):
            if WORD.search(attribute[1]):
                yield found(element.start() + attribute.start(1), attribute[1])
    for line in re.finditer(r"[^\n]+", ELEMENT.sub(_blank_match, text)):
        for words in re.finditer(r"\S+(?: \S+)*", line[0]):
            if WORD.search(words[0]):
                yield found(line.start() + words.start(), words[0])


def _spent(source: str) -> str:
    return SPENT.sub(_blank_match, source)


def _blank_match(match: re.Match[str]) -> str:
    return blank(match[0])


# --- scripts -----------------------------------------------------------------------

TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`)'
    # A slash after one of these begins an expression, not a division.
    r"|(?<=[(,=:!&|?\[])\s*/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*",
    re.DOTALL,
)
# Two words beside one another, or one that begins like a sentence.
SENTENCE = re.compile(r"[A-Za-z]{2,}[,:]? [A-Za-z]{2,}|^[A-Z“][a-z]+|[a-z]\.$")
# Selectors, class names, addresses, types of media.
MACHINE = re.compile(r"[\[#>=*/]|^\.|^\([a-z-]+: |^(?:[a-z]+(?:-[a-z]+)* ?)+$")
MARKED = re.compile(r"\bn?gettext\((?:\s*\"(?:[^\"\\]|\\.)*\",)?\s*$")


def in_script(source: str) -> Iterator[Found]:
    """Yield the strings of a script that read like words and are not marked."""
    for token in TOKEN.finditer(source):
        if token["text"] is None or MARKED.search(source[: token.start()]):
            continue
        quote, words = token["text"][0], token["text"][1:-1]
        if quote == "`":
            words = re.sub(r"\$\{[^{}]*\}", "…", words)
        if SENTENCE.search(words) and not _is_machine(source, token.start(), words):
            yield Found(source.count("\n", 0, token.start()) + 1, words[:80])


def _is_machine(source: str, place: int, words: str) -> bool:
    before = source[:place].rstrip()
    is_name = before.endswith(("className =", "from", "import", "import("))
    return is_name or bool(MACHINE.search(words) and not words[0].isupper())
