"""What the documents name exists: links, files, commands, targets, variables."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from annotation import errors
from annotation.formats.exports.catalogue import FORMATS
from annotation.project_templates import TEMPLATES
from tests.docs.pages import PAGES, ROOT, anchors, blocks, inline, read

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
PATH = re.compile(
    r"(?:\.\./)?((?:annotation|routing|models_service|tests|bench|docker|docs|\.ci)"
    r"/[\w./-]*|\.env\.example|manage\.py|Makefile|[\w-]+\.toml)"
)
COMMAND = re.compile(r"manage\.py (?:with_services )?([a-z_]+)")
TARGET = re.compile(r"make ([a-z][a-z-]*)\b")
OWN_COMMANDS = {"up", "with_services"}
# Files that whoever runs an installation makes.
MADE_LATER = {"docker/.env"}
# Parts of addresses that stand for something, by what they are replaced with.
PLACES = {"{slug}": "slug", "{id}": "00000000-0000-4000-8000-000000000000"}


def code_of(page: Path) -> list[str]:
    """Return all code of a page, in blocks and in the running text."""
    text = page.read_text(encoding="utf-8")
    languages = ("", "sh", "json")
    return [*inline(text), *(code for kind in languages for code in blocks(text, kind))]


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.is_file(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


@each_page
def test_every_file_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {code for code in inline(text) if PATH.fullmatch(code)} - MADE_LATER
    missing = {code for code in named if not (ROOT / code.removeprefix("../")).exists()}
    assert missing == set()


@each_page
def test_every_command_named_exists(page: Path) -> None:
    known = set(get_commands()) | OWN_COMMANDS
    named = {name for code in code_of(page) for name in COMMAND.findall(code)}
    assert named <= known


@each_page
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {name for code in code_of(page) for name in TARGET.findall(code)}
    assert named <= targets


@each_page
def test_no_page_names_a_place_outside_the_project(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"/work/|/home/|/tmp/\w|localhost:\d|TODO|FIXME", text)


def test_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)\s]+)\)", read("README.md")))
    pages = {str(page.relative_to(ROOT)) for page in PAGES} - {"README.md"}
    assert pages <= linked


def test_every_variable_is_explained_to_those_who_operate() -> None:
    names = set(re.findall(r"^# ([A-Z_]+)=", read(".env.example"), re.MULTILINE))
    names = {name.removesuffix("_FILE") for name in names}
    told = set(inline(read("docs/STAFF.md"))) | set(inline(read("docs/DEPLOY.md")))
    assert len(names) > 10
    assert names <= {code.partition("=")[0] for code in told}


def codes() -> set[str]:
    """Return every code that an error can have, as the sources give it."""
    sources = (ROOT / "annotation").rglob("*.py")
    texts = [path.read_text(encoding="utf-8") for path in sources]
    return {name for text in texts for name in re.findall(r'code="(\w+)"', text)} | {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.AnnotationError)
    }


def test_every_error_code_is_explained() -> None:
    assert codes() <= set(inline(read("docs/API.md")))


def test_every_call_named_is_an_address() -> None:
    named = re.findall(r"(?:GET|POST|PUT) (/api/v1/[^`\s]*)", read("docs/API.md"))
    assert len(named) > 15
    for address in named:
        for place, value in PLACES.items():
            address = address.replace(place, value)
        try:
            found = resolve(address)
        except Resolver404:
            pytest.fail(f"{address} is no address")
        assert found.func.__name__ != "nothing_here", address


def test_every_call_that_exists_is_named() -> None:
    from annotation.api.urls import urlpatterns

    text = read("docs/API.md")
    for pattern in urlpatterns:
        plain = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        assert f"/api/v1/{plain.replace('{public_id}', '{id}')}`" in text


def test_templates_and_formats_are_named_in_the_api() -> None:
    text = read("docs/API.md")
    assert all(name in text for name in TEMPLATES)
    assert "trl_preference" in FORMATS
    assert "trl_preference" in text


def test_every_key_of_the_page_is_told_to_annotators() -> None:
    source = read("annotation/static/annotation/annotate/keys.js")
    found = re.search(r"const COMMANDS = \{(.*?)\};", source, re.DOTALL)
    assert found is not None
    named = re.findall(r'(?:(\w)|"([^"])"): "', found[1])
    keys = [word or sign for word, sign in named]
    assert len(keys) > 5
    assert set(keys) <= set(inline(read("docs/ANNOTATORS.md")))
