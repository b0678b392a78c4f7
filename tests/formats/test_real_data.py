"""The published data sets come in with the counts that their READMEs state.

Each test runs on an own-written miniature in the same format, and on the real data
where POLYPHONY_DATA_DIR names them.
"""

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.formats.joining import join_labels
from annotation.formats.readers import open_rows
from annotation.formats.recipe import recipe_items
from annotation.formats.shapes import label_questions, read_items, recognise
from annotation.formats.types import FileProblem, ItemDraft, LabelDraft, RowProblem
from tests.formats.files import (
    items_of,
    labels_drafts,
    problems_of,
    read_drafts,
    rows_of,
)

MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")
MINI, FULL = (
    pytest.param("mini", id="mini"),
    pytest.param("real", id="real", marks=needs_data),
)
both = pytest.mark.parametrize("size", [MINI, FULL])


def folder(size: str, name: str) -> Path:
    return (MINIATURES if size == "mini" else Path(REAL)) / name


def labels_of(items: list[ItemDraft]) -> list[LabelDraft]:
    return [label for item in items for label in item.labels]


def assert_only_warnings(drafts: list[RowProblem]) -> None:
    assert all(problem.is_warning for problem in drafts)


# --- PandaLM --------------------------------------------------------------------------

PANDALM = {"mini": (4, 2), "real": (514, 462)}


@both
def test_pandalm_pairs_come_with_three_people_each(size: str) -> None:
    n_items, n_unanimous = PANDALM[size]
    drafts = read_drafts(folder(size, "pandalm") / "testset-v1.jsonl.gz")
    items = items_of(drafts)
    assert_only_warnings(problems_of(drafts))
    assert len(items) == n_items
    assert {len(item.labels) for item in items} == {3}
    assert not any(label.is_machine for label in labels_of(items))
    values = [
        {label.answers["preference"]["value"] for label in item.labels}
        for item in items
    ]
    assert sum(len(set_) == 1 for set_ in values) == n_unanimous


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param("mini", {1: 3, -1: 1}, id="mini"),
        pytest.param("real", {1: 227, -1: 227, 0: 60}, id="real", marks=needs_data),
    ],
)
def test_pandalm_majorities_are_those_of_its_readme(
    size: str, expected: dict[int, int]
) -> None:
    drafts = read_drafts(folder(size, "pandalm") / "testset-v1.jsonl.gz")
    majorities = Counter(
        Counter(
            label.answers["preference"]["value"] for label in item.labels
        ).most_common(1)[0][0]
        for item in items_of(drafts)
    )
    assert majorities == expected


@both
@pytest.mark.parametrize("judge", ["gpt-3.5-turbo", "pandalm-7b"])
def test_machine_labels_join_their_items(size: str, judge: str) -> None:
    path = folder(size, "pandalm") / f"{judge}-testset-v1.jsonl.gz"
    with open_rows(path, path.name) as reader:
        reads = list(reader)
    mapping = recognise(rows_of(reads))
    labels = labels_drafts(read_items(reads, mapping))
    items = items_of(read_drafts(path.parent / "testset-v1.jsonl.gz"))
    joined = list(join_labels(items, labels, label_questions(mapping)))
    added = [item.labels[3:] for item in joined]
    assert {len(labels) for labels in added} == {1}
    assert all(label.is_machine and label.questions for (label,) in added)


@pytest.mark.parametrize(
    ("size", "judge", "share"),
    [
        pytest.param("real", "gpt-3.5-turbo", 0.7043, marks=needs_data),
        pytest.param("real", "pandalm-7b", 0.7023, marks=needs_data),
        ("mini", "gpt-3.5-turbo", 0.5),
    ],
)
def test_machine_labels_agree_with_people_as_published(
    size: str, judge: str, share: float
) -> None:
    data = folder(size, "pandalm")
    items = items_of(read_drafts(data / "testset-v1.jsonl.gz"))
    labels = labels_drafts(read_drafts(data / f"{judge}-testset-v1.jsonl.gz"))
    n_same = 0
    for item in join_labels(items, labels, ()):
        *people, machine = item.labels
        votes = Counter(label.answers["preference"]["value"] for label in people)
        verdict = machine.answers.get("preference", {}).get("value")
        n_same += verdict == votes.most_common(1)[0][0]
    assert n_same / len(items) == pytest.approx(share, abs=5e-5)


# --- QA-Feedback ----------------------------------------------------------------------

QA = {"mini": (4, 24, 8, 1), "real": (340, 2040, 256, 201)}


@both
def test_qa_feedback_gives_its_comparisons(size: str) -> None:
    _, n_comparisons, n_ties, _ = QA[size]
    path = folder(size, "qa_feedback") / "dev_feedback.jsonl.gz"
    with open_rows(path, path.name) as reader:
        reads = list(reader)
    mapping = replace(recognise(rows_of(reads[:50])), shape="qa_feedback_pairs")
    drafts = list(read_items(reads, mapping))
    values = [
        label.answers["preference"]["value"] for label in labels_of(items_of(drafts))
    ]
    assert problems_of(drafts) == []
    assert (len(values), values.count(0)) == (n_comparisons, n_ties)


@both
def test_qa_feedback_gives_its_strict_orders(size: str) -> None:
    n_items, _, _, n_strict = QA[size]
    drafts = read_drafts(folder(size, "qa_feedback") / "dev_feedback.jsonl.gz")
    items = items_of(drafts)
    assert_only_warnings(problems_of(drafts))
    tiers = [label.answers["ranking"]["tiers"] for label in labels_of(items)]
    assert len(items) == n_items
    assert sum(len(order) == 4 for order in tiers) == n_strict
    assert len(tiers) + len(problems_of(drafts)) == n_items


@both
def test_qa_feedback_keeps_its_error_spans(size: str) -> None:
    items = items_of(read_drafts(folder(size, "qa_feedback") / "dev_feedback.jsonl.gz"))
    n_spans = sum(len(item.metadata["feedback"]["errors"]) for item in items)
    assert n_spans == {"mini": 2, "real": 931}[size]


# --- OpenAssistant --------------------------------------------------------------------

FULL_RANKS = {
    "mini": {2: 1, 3: 1},
    "real": {2: 34, 3: 73, 4: 17, 5: 1, 6: 3, 9: 1},
}
NO_FULL_RANKS = {"mini": {2: 1, 3: 1}, "real": {2: 1, 3: 1, 4: 1}}


@both
def test_tree_gives_an_item_of_each_set_of_replies(size: str) -> None:
    path = folder(size, "openassistant_trees") / "en_100_message.jsonl.gz"
    drafts = read_drafts(path)
    items = items_of(drafts)
    assert_only_warnings(problems_of(drafts))
    ranked = Counter(len(item.completions) for item in items if item.labels)
    others = Counter(len(item.completions) for item in items if not item.labels)
    assert ranked == FULL_RANKS[size]
    assert others == NO_FULL_RANKS[size]
    assert {item.messages[-1].role for item in items} == {"user"}
    assert len({item.external_id for item in items}) == len(items)


@both
def test_prompt_of_a_later_reply_is_the_whole_dialogue(size: str) -> None:
    path = folder(size, "openassistant_trees") / "en_100_message.jsonl.gz"
    items = items_of(read_drafts(path))
    roles = {tuple(message.role for message in item.messages) for item in items}
    assert {("user",), ("user", "assistant", "user")} <= roles


# --- UKPConvArg1 ----------------------------------------------------------------------


@dataclass(frozen=True)
class Arguments:
    n_pairs: int
    n_judgements: int
    n_workers: int


ARGUMENTS = {"mini": Arguments(3, 8, 4), "real": Arguments(3700, 18459, 2790)}


@both
def test_arguments_come_with_all_judgements(size: str) -> None:
    items = [
        item
        for path in sorted((folder(size, "ukpconvarg1") / "pairs").glob("*.gz"))
        for item in items_of(read_drafts(path))
    ]
    labels = labels_of(items)
    found = Arguments(
        len(items), len(labels), len({label.annotator for label in labels})
    )
    assert found == ARGUMENTS[size]
    assert len({item.external_id for item in items}) == len(items)
    assert all(label.answers["rationale"] for label in labels)
    assert all(label.duration_ms is not None for label in labels)
    assert all(label.created_at is not None for label in labels)


# --- recipes --------------------------------------------------------------------------


def recipe_lists(size: str) -> dict[str, Path]:
    numbers = {"mini": "12", "real": "123"}[size]
    data = folder(size, "recipe_ratings") / "experimental_lists"
    return {number: data / f"list_{number}.csv" for number in numbers}


def recipe_table(size: str) -> Path:
    return folder(size, "recipe_ratings") / "cleaned_data_anonymized.csv"


@both
def test_recipes_come_with_all_ratings(size: str) -> None:
    items = list(recipe_items(recipe_table(size), recipe_lists(size)))
    labels = labels_of(items)
    people = {label.annotator for label in labels}
    expected = {"mini": (4, 6, 3), "real": (36, 600, 50)}[size]
    assert (len(items), len(labels), len(people)) == expected
    assert all(len(label.answers["ratings"]) == 6 for label in labels)
    assert not any("<br>" in item.completions[0].text for item in items)


@both
def test_converted_recipes_are_rows_to_import(size: str, tmp_path: Path) -> None:
    target = tmp_path / "items.jsonl"
    lists = [str(path) for path in recipe_lists(size).values()]
    call_command("convert_recipe_ratings", str(recipe_table(size)), *lists, to=target)
    with open_rows(target, target.name) as reader:
        reads = list(reader)
    mapping = replace(recognise(rows_of(reads)), min_completions=1)
    items = items_of(read_items(reads, mapping))
    expected = list(recipe_items(recipe_table(size), recipe_lists(size)))
    assert [item.labels for item in items] == [item.labels for item in expected]


def test_recipe_list_that_is_missing_is_named() -> None:
    lists = recipe_lists("mini")
    del lists["2"]
    with pytest.raises(FileProblem, match="no list holds: 2 / apple_tea_1"):
        list(recipe_items(recipe_table("mini"), lists))


def test_recipe_list_without_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no number"):
        call_command(
            "convert_recipe_ratings",
            str(recipe_table("mini")),
            str(tmp_path / "list.csv"),
            to=tmp_path / "items.jsonl",
        )
