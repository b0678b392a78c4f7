"""The documents, and what they name: links, paths, commands, code."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = tuple(
    sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")), key=lambda page: page.name)
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(name: str) -> str:
    """Return the text of a page, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str = "") -> list[str]:
    """Return the code blocks of a language."""
    return [code for kind, code in FENCE.findall(text) if kind == language]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    titles = HEADING.findall(FENCE.sub("", text))
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}


def inline(text: str) -> list[str]:
    """Return what stands between backticks in the running text."""
    return CODE.findall(FENCE.sub("", text))


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]
