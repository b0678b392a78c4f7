"""What is written as native rows is read back the same."""

import json
import string
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.hashing import content_hash
from annotation.formats.mapping import ColumnMapping
from annotation.formats.native import item_to_native
from annotation.formats.shapes import recognise, to_items
from annotation.formats.types import (
    CompletionDraft,
    ItemDraft,
    LabelDraft,
    Message,
    RowProblem,
)
from tests.formats.files import convert, items_of, one_item

NATIVE = ColumnMapping(
    "native", {"prompt": ("prompt",), "completions": ("completions",)}, labels_by="file"
)
# Of [[["user","é"]],["a"]] in UTF-8.
HASH_OF_ONE_ITEM = "1f7f90cb2d2b8498bc565c8a2a86768fc517b9611c995e10cebd865124295935"
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"name": "preference", "type": "comparison", "title": "?", "is_required": False},
    {"name": "why", "type": "rationale", "title": "Why?", "is_required": False},
)
# Everything that can be in a file: no lone surrogates, no NUL.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(CHARACTERS, min_size=1).filter(str.strip)
names = st.text(string.ascii_letters + string.digits + "-_ü漢", max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(CHARACTERS)
metadata = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=1, max_size=8).map(
        lambda name: f"m_{name}"
    ),
    scalars | st.lists(scalars, max_size=3),
    max_size=3,
)
completions = st.builds(
    CompletionDraft, text=texts, model=names, external_id=names, metadata=metadata
)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def labels(n_completions: int) -> st.SearchStrategy[LabelDraft]:
    comparison = st.integers(-3, 3).map(lambda value: {"preference": {"value": value}})
    answers: st.SearchStrategy[dict[str, Any]] = st.just({}) | texts.map(
        lambda text: {"why": text}
    )
    if n_completions == 2:
        answers = answers | comparison
    return st.builds(
        LabelDraft,
        annotator=names.filter(bool),
        is_machine=st.booleans(),
        answers=answers,
        status=st.sampled_from(["ok", "unparsable", "refused", "failed"]),
        raw=st.text(CHARACTERS),
        created_at=st.none() | times,
        duration_ms=st.none() | st.integers(0, 10**9),
        order=st.none() | st.permutations(range(n_completions)).map(tuple),
        probability=st.none() | st.floats(0, 1),
        profile=st.dictionaries(names, names, max_size=2),
        metadata=metadata,
        questions=st.just(QUESTIONS)
        | st.just((*QUESTIONS, {"name": "x", "type": "ranking", "is_required": False})),
    )


@st.composite
def items(draw: st.DrawFn) -> ItemDraft:
    roles = st.sampled_from(["system", "user", "assistant"])
    messages = st.lists(st.builds(Message, roles, texts), min_size=1, max_size=4)
    chosen = tuple(draw(st.lists(completions, min_size=2, max_size=4)))
    return ItemDraft(
        row=1,
        messages=tuple(draw(messages)),
        completions=chosen,
        external_id=draw(names),
        language=draw(names),
        category=draw(names),
        source=draw(names),
        metadata=draw(metadata),
        gold=draw(st.none() | st.just({"preference": {"value": 1}})),
        overlap=draw(st.none() | st.integers(1, 1000)),
        priority=draw(st.integers(-100, 100)),
        labels=tuple(draw(st.lists(labels(len(chosen)), max_size=3))),
    )


@given(items())
def test_written_item_is_read_back_the_same(item: ItemDraft) -> None:
    row = json.loads(json.dumps(item_to_native(item)))
    (read, *warnings) = to_items(1, row, NATIVE)
    assert read == item
    assert all(isinstance(p, RowProblem) and p.is_warning for p in warnings)


@given(items())
def test_content_hash_ignores_all_but_the_content(item: ItemDraft) -> None:
    bare = replace(
        item,
        row=2,
        external_id="other",
        metadata={"x": 1},
        labels=(),
        completions=tuple(CompletionDraft(part.text) for part in item.completions),
    )
    assert content_hash(bare) == content_hash(item)


def test_content_hash_tells_order_and_messages_apart() -> None:
    prompt = (Message("user", "p"),)
    first, second = CompletionDraft("a"), CompletionDraft("b")
    hashes = {
        content_hash(ItemDraft(1, prompt, (first, second))),
        content_hash(ItemDraft(1, prompt, (second, first))),
        content_hash(ItemDraft(1, (Message("system", "p"),), (first, second))),
        content_hash(ItemDraft(1, prompt, (CompletionDraft("ab"),))),
        content_hash(ItemDraft(1, (*prompt, *prompt), (first, second))),
    }
    assert len(hashes) == 5
    assert {len(value) for value in hashes} == {64}


def test_content_hash_stays_the_same_in_every_version() -> None:
    item = ItemDraft(1, (Message("user", "é"),), (CompletionDraft("a"),))
    assert content_hash(item) == HASH_OF_ONE_ITEM


def test_questions_that_all_labels_share_are_written_once() -> None:
    label = LabelDraft("x", False, {"preference": {"value": 1}}, questions=QUESTIONS)
    pair = (CompletionDraft("a"), CompletionDraft("b"))
    row = item_to_native(
        ItemDraft(1, (Message("user", "p"),), pair, labels=(label,) * 2)
    )
    assert row["questions"] == list(QUESTIONS)
    assert all("questions" not in entry for entry in row["labels"])


def test_native_row_is_recognised() -> None:
    item = ItemDraft(1, (Message("user", "p"),), (CompletionDraft("a"),) * 2)
    assert recognise([item_to_native(item)]).shape == "native"


@pytest.mark.parametrize("column", ["external_id", "id", "uid"])
def test_id_of_a_row_becomes_the_external_id(column: str) -> None:
    row = {column: "q-7", "prompt": "Why?", "completions": ["Because.", "So."]}
    item = one_item(row)
    assert item.external_id == "q-7"
    assert item.metadata == {}


def test_id_that_repeats_stays_in_the_metadata_of_native_rows() -> None:
    rows = [{"id": 1, "prompt": p, "completions": ["a", "b"]} for p in ("x", "y")]
    items = items_of(convert(rows))
    assert [item.external_id for item in items] == ["", ""]
    assert [item.metadata for item in items] == [{"id": 1}, {"id": 1}]


def test_label_of_a_best_of_ranking_says_who_stands_below() -> None:
    asked = {"name": "order", "type": "ranking", "title": "?", "n_places": 1}
    label = {"annotator": "r", "is_machine": False, "questions": [asked]}
    row = {
        "prompt": "Why?",
        "completions": ["a", "b", "c"],
        "labels": [{**label, "answers": {"order": {"tiers": [[1]]}}}],
    }
    item = one_item(row, NATIVE)
    stored = {"tiers": [[1]], "unacceptable": [], "below": [0, 2]}
    assert item.labels[0].answers == {"order": stored}
    again = one_item(item_to_native(item), NATIVE)
    assert again.labels == item.labels
