"""The words of docs/GLOSSARY.md, and the names that the code gives to things."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.db.models import Field
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("annotation", "routing", "models_service")


@dataclass(frozen=True)
class Name:
    """A name in the code: `kind` of thing, the name, and where it stands."""

    kind: str
    name: str
    where: str


def rows() -> list[tuple[str, str]]:
    """Return (word, words to avoid) of each row of the glossary's table."""
    text = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
    cells = [line.strip("|").split("|") for line in text.splitlines() if "|" in line]
    return [(row[0].strip(), row[2].strip()) for row in cells[2:]]


def avoided() -> set[str]:
    """Return the words that may name nothing.

    A word that is itself in the glossary is right somewhere else, and one with a
    remark in brackets is meant for texts.
    """
    known = {word for word, _ in rows()}
    listed = {
        word.strip()
        for _, avoid in rows()
        if "(" not in avoid
        for word in avoid.split(",")
    }
    return {word for word in listed if word} - known


def parts(name: str) -> list[str]:
    """Return the words of a name in snake_case, camelCase or kebab-case, singular."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.split(r"[\W_\d]+", spaced.lower())
    return [re.sub(r"(?<=[^s])s$", "", word) for word in words if word]


def uses(name: str, word: str) -> bool:
    """Tell whether a name holds a word, or two words after one another."""
    wanted = parts(word)
    found = parts(name)
    spans = range(len(found) - len(wanted) + 1)
    return any(found[at : at + len(wanted)] == wanted for at in spans)


@lru_cache
def names() -> tuple[Name, ...]:
    """Return the names of modules, classes, functions, fields, URLs and templates."""
    return tuple(_names())


def _names() -> Iterator[Name]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            where = str(path.relative_to(ROOT))
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield Name("module", path.stem, where)
                yield from _in_module(path, where)
            elif "templates" in path.parts and path.is_file():
                yield Name("template", path.stem, where)
        yield from _fields(package)
    yield from _urls(get_resolver())


def _in_module(path: Path, where: str) -> Iterator[Name]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield Name("class", node.name, where)
        elif isinstance(node, ast.FunctionDef):
            yield Name("function", node.name, where)


def _fields(package: str) -> Iterator[Name]:
    if package not in {config.label for config in apps.get_app_configs()}:
        return
    for model in apps.get_app_config(package).get_models():
        for field in model._meta.get_fields():
            if isinstance(field, Field):
                yield Name("field", field.name, model.__name__)


def _urls(resolver: URLResolver) -> Iterator[Name]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _urls(pattern)
        elif isinstance(pattern, URLPattern):
            where = str(pattern.pattern)
            if pattern.lookup_str.startswith(PACKAGES):
                yield Name("URL name", pattern.name or "", where)
                yield Name("URL", re.sub(r"<[^>]*>", "", where), where)
