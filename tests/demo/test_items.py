"""The demo's items: enough of them, of every kind, and all fit to be shown."""

import re
import unicodedata
from collections.abc import Iterator

import pytest

from annotation.answers import main_question, parse_questions, validate
from annotation.demo import DemoSet, demo_sets
from annotation.formats.types import ItemDraft
from annotation.project_templates import TEMPLATES
from annotation.rendering import render

SETS = {demo.template: demo for demo in demo_sets()}
ITEMS = {item.external_id: item for demo in SETS.values() for item in demo.items}
FEATURES = {
    "a table": "<table",
    "a list": "<li>",
    "a heading": "</h5>",
    "a formula in the text": 'display="inline"',
    "a formula of its own": 'class="math-wrap"',
    "coloured code": 'class="token-word"',
    "a quotation": "<blockquote",
}


def texts(item: ItemDraft) -> Iterator[str]:
    yield from (message.content for message in item.messages)
    yield from (completion.text for completion in item.completions)


def test_counts_suit_the_templates() -> None:
    counts = {name: len(demo.items) for name, demo in SETS.items()}
    assert counts["pairwise"] >= 14
    assert counts["ranking"] >= 8
    assert counts["rating"] >= 8
    assert len(ITEMS) == sum(counts.values()) >= 30
    sizes = {
        name: {len(item.completions) for item in demo.items}
        for name, demo in SETS.items()
    }
    assert sizes == {"pairwise": {2}, "ranking": {3, 4}, "rating": {2}}


@pytest.mark.parametrize("item", ITEMS.values(), ids=lambda item: item.external_id)
def test_item_renders_whole(item: ItemDraft) -> None:
    for text in texts(item):
        html = render(text)
        assert 'class="raw"' not in html
        assert "math-source" not in html
    assert item.language
    assert item.category
    assert all(completion.model for completion in item.completions)


@pytest.mark.parametrize("feature", FEATURES)
def test_feature_occurs(feature: str) -> None:
    pages = (render(text) for item in ITEMS.values() for text in texts(item))
    assert any(FEATURES[feature] in page for page in pages)


@pytest.mark.parametrize("language", ["python", "sql", "javascript"])
def test_language_of_code_occurs(language: str) -> None:
    fence = re.compile(rf"^```{language}$", re.MULTILINE)
    assert any(fence.search(text) for item in ITEMS.values() for text in texts(item))


@pytest.mark.parametrize(
    ("language", "script"),
    [("ar", "ARABIC"), ("zh", "CJK"), ("ja", "HIRAGANA"), ("hi", "DEVANAGARI")],
)
def test_script_occurs(language: str, script: str) -> None:
    written = [item for item in ITEMS.values() if item.language == language]
    assert written
    for item in written:
        text = "".join(completion.text for completion in item.completions)
        assert any(unicodedata.name(char, "").startswith(script) for char in text)


def test_one_answer_is_long() -> None:
    lengths = [len(text.split()) for item in ITEMS.values() for text in texts(item)]
    assert max(lengths) >= 800


def test_conversations_occur() -> None:
    assert sum(len(item.messages) > 2 for item in ITEMS.values()) >= 2


@pytest.mark.parametrize("demo", SETS.values(), ids=lambda demo: demo.template)
def test_every_item_has_a_valid_reply(demo: DemoSet) -> None:
    questions = parse_questions(TEMPLATES[demo.template].questions)
    for item in demo.items:
        reply = demo.replies[item.external_id]
        assert validate(questions, reply, len(item.completions)) == []


@pytest.mark.parametrize("demo", SETS.values(), ids=lambda demo: demo.template)
def test_machine_answers_some_items_and_differs_from_the_person(demo: DemoSet) -> None:
    name = main_question(parse_questions(TEMPLATES[demo.template].questions)).name
    pairs = [
        (label.answers[name], demo.replies[item.external_id][name])
        for item in demo.items
        for label in item.labels
    ]
    assert 0 < len(pairs) < len(demo.items)
    assert any(machine != person for machine, person in pairs)
    assert any(machine == person for machine, person in pairs)
