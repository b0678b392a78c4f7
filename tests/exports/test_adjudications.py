"""What the team settled: a table of its own, and the answer that may win."""

import json
from typing import Any

import pytest

from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.options import describe
from annotation.formats.exports.types import StoredAnswer, StoredItem
from annotation.models import Item, Project
from annotation.services import adjudications
from tests.exports.build import COMPARISON, RANKING, answer, item, version
from tests.exports.conftest import Write
from tests.exports.run import rows_of

AGGREGATE = {"unit": "aggregate"}
VERSION = version(COMPARISON)


def decided(value: dict[str, Any], *answers: StoredAnswer) -> StoredItem:
    """Return an item of these answers that the team has settled."""
    decision = answer(
        "decision",
        {"preference": value},
        person=None,
        source="adjudication",
        order=None,
        purpose="adjudication",
        state="",
    )
    return item(*answers)._replace(decision=decision)


def split(value: dict[str, Any] | None = None) -> StoredItem:
    """Return an item on which two prefer A and the team prefers B."""
    return decided(
        value or {"value": -3},
        answer("one", {"preference": {"value": 2}}),
        answer("two", {"preference": {"value": 1}}),
    )


def chosen(rows: list[dict[str, Any]]) -> list[int]:
    return [row["chosen_index"] for row in rows]


def test_adjudicated_answer_wins_where_answers_are_put_together() -> None:
    rows, tally = rows_of("trl_preference", [split()], VERSION, **AGGREGATE)
    (row,) = rows
    assert (row["chosen_index"], row["annotator_type"]) == (1, "adjudication")
    assert (row["annotation_ids"], row["n_votes"]) == (["decision"], 1)
    assert (tally.n_adjudicated, dict(tally.dropped)) == (1, {"adjudicated": 2})
    assert (tally.stored, tally.is_balanced) == (2, True)


def test_people_win_where_that_is_chosen() -> None:
    rows, tally = rows_of(
        "trl_preference", [split()], VERSION, **AGGREGATE, adjudicated_wins=False
    )
    assert (chosen(rows), tally.n_adjudicated) == ([0], 0)


def test_rows_of_single_answers_know_no_adjudication() -> None:
    rows, tally = rows_of("trl_preference", [split()], VERSION)
    assert (chosen(rows), tally.n_adjudicated) == ([0, 0], 0)


def test_adjudicated_tie_gives_no_row() -> None:
    rows, tally = rows_of("trl_preference", [split({"value": 0})], VERSION, **AGGREGATE)
    assert rows == []
    assert (dict(tally.left_out), tally.is_balanced) == ({"tie": 1}, True)


def test_adjudication_of_another_question_changes_nothing() -> None:
    both = version(COMPARISON, RANKING)
    order = answer("one", {"ranking": {"tiers": [[0], [1]], "unacceptable": []}})
    ranked = split()._replace(answers=[order])
    rows, tally = rows_of("ranking", [ranked], both, **AGGREGATE)
    assert (len(rows), tally.n_adjudicated) == (1, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the adjudicated answer stands for those of people"),
        ({"adjudicated_wins": False}, "Adjudicated answers are not used"),
    ],
)
def test_card_says_which_answer_wins(options: dict[str, Any], words: str) -> None:
    made = parse_options({"format": "trl_preference", **AGGREGATE, **options})
    assert any(words in sentence for sentence in describe(made, ("unit",)))


@pytest.fixture
def settled(pairs: Project) -> Item:
    """An item of a project that the team settled, opened, and settled anew."""
    found = Item.objects.select_related("project").get(project=pairs, number=1)
    facts: dict[str, Any] = {
        "item": found,
        "by": pairs.created_by,
        "role": "owner",
        "reason": "B invents a date.",
    }
    adjudications.settle(**facts, answers={"preference": {"value": 2}}, n_shown=0)
    adjudications.reopen(**facts, n_shown=1)
    adjudications.settle(**facts, answers={"preference": {"value": -3}}, n_shown=2)
    return found


def test_raw_tables_hold_every_decision(
    pairs: Project, settled: Item, write: Write
) -> None:
    folder, written = write(pairs, format="raw")
    (path,) = (folder / "data" / "adjudications").glob("*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(r["number"], r["is_current"], r["is_reopening"]) for r in rows] == [
        (1, False, False),
        (2, False, True),
        (3, True, False),
    ]
    assert {row["item_id"] for row in rows} == {str(settled.public_id)}
    assert json.loads(rows[2]["answers"]) == {"preference": {"value": -3}}
    assert pairs.created_by.username not in path.read_text()
    assert written.answers.is_balanced


def test_card_counts_what_the_team_settled(
    pairs: Project, settled: Item, write: Write
) -> None:
    folder, written = write(pairs, format="trl_preference", unit="aggregate")
    assert written.answers.n_adjudicated == 1
    (path,) = (folder / "data" / "trl_preference").glob("*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    (row,) = [r for r in rows if r["item_id"] == str(settled.public_id)]
    assert (row["chosen_index"], row["annotators"]) == (1, ["adjudication"])
    assert "stands for those of people: 1." in written.card
