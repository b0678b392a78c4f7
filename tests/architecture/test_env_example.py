"""`.env.example` and the code agree on what can be set, and one module reads it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = {"text", "flag", "integer", "items", "url", "number"}
# Read by the tests or by Django itself, never set by an operator.
NOT_LISTED = {"DJANGO_SETTINGS_MODULE"}


def code() -> Iterator[Path]:
    """Yield the product's sources."""
    for folder in ("annotation", "routing", "models_service"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def read_variables() -> set[str]:
    """Return the names given to the functions of `env`."""
    names = set()
    for path in code():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "env"
                and node.func.attr in READERS
                and isinstance(node.args[0], ast.Constant)
            ):
                names.add(str(node.args[0].value))
    return names - NOT_LISTED


def listed_variables() -> set[str]:
    """Return the names that `.env.example` explains, without their file variants."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def test_every_variable_is_listed_and_every_listed_one_is_read() -> None:
    file_variants = {name for name in listed_variables() if name.endswith("_FILE")}
    assert listed_variables() - file_variants == read_variables()
    assert {name.removesuffix("_FILE") for name in file_variants} <= read_variables()


def test_only_env_reads_the_environment() -> None:
    readers = [
        path.name
        for path in code()
        if re.search(r"os\.environ|os\.getenv|environb", path.read_text("utf-8"))
    ]
    assert readers == ["env.py"]
