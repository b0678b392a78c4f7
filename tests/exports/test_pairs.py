"""Preference pairs: who is chosen, at which place, with which margin and policy."""

import pytest

from annotation.formats.exports.policy import Tally
from tests.exports.build import COMPARISON, RANKING, RATING, answer, item, version
from tests.exports.run import rows_of

ASKED = version(COMPARISON)
RATED = version(RATING)
RANKED = version(RANKING)


def grade(value: int, **more: object) -> dict[str, object]:
    return {"preference": {"value": value, **more}}


def one_row(stored: dict[str, object], **facts: object) -> dict[str, object]:
    rows, _ = rows_of("trl_preference", [item(answer("a", stored, **facts))], ASKED)
    (row,) = rows
    return row


def test_positive_grade_chooses_the_first_stored_completion() -> None:
    row = one_row(grade(2), order=(0, 1))
    assert row["chosen"] == [{"role": "assistant", "content": "A0"}]
    assert row["rejected"] == [{"role": "assistant", "content": "A1"}]
    assert (row["chosen_model"], row["chosen_index"]) == ("m0", 0)
    assert (row["chosen_position"], row["rejected_position"]) == (0, 1)


def test_positive_grade_chooses_the_first_stored_completion_shown_second() -> None:
    row = one_row(grade(2), order=(1, 0))
    assert row["chosen"] == [{"role": "assistant", "content": "A0"}]
    assert (row["chosen_position"], row["rejected_position"]) == (1, 0)
    assert row["order_shown"] == [1, 0]


def test_negative_grade_chooses_the_second_stored_completion() -> None:
    row = one_row(grade(-3), order=(1, 0))
    assert row["chosen"] == [{"role": "assistant", "content": "A1"}]
    assert (row["chosen_model"], row["chosen_position"]) == ("m1", 0)


def test_unknown_order_leaves_the_places_empty() -> None:
    row = one_row(grade(1), order=None)
    assert row["chosen_position"] is None
    assert row["order_shown"] == []


def test_margin_is_the_grade_over_the_strongest_grade() -> None:
    items = [item(answer("a", grade(2))), item(answer("b", grade(-3)))]
    rows, _ = rows_of("trl_reward", items, ASKED)
    assert [row["margin"] for row in rows] == [2 / 3, 1.0]


def test_ranking_of_three_tiers_gives_every_strict_pair() -> None:
    stored = {"ranking": {"tiers": [[2], [0, 3], [1]], "unacceptable": []}}
    rows, tally = rows_of(
        "trl_reward", [item(answer("a", stored), n_completions=4)], RANKED
    )
    pairs = {(r["chosen_index"], r["rejected_index"]): r["margin"] for r in rows}
    third = pytest.approx(1 / 3)
    assert pairs == {
        (2, 0): third,
        (2, 1): pytest.approx(2 / 3),
        (2, 3): third,
        (0, 1): third,
        (3, 1): third,
    }
    assert {row["weight"] for row in rows} == {1 / 6}
    assert tally.left_out == {"tie": 1}
    assert (tally.exported, tally.parts) == (1, 6)


def test_unacceptable_completion_loses_to_acceptable_but_not_to_its_like() -> None:
    stored = {"ranking": {"tiers": [[1]], "unacceptable": [0, 2]}}
    rows, tally = rows_of(
        "trl_preference", [item(answer("a", stored), n_completions=3)], RANKED
    )
    pairs = {(row["chosen_index"], row["rejected_index"]) for row in rows}
    assert pairs == {(1, 0), (1, 2)}
    assert tally.left_out == {"both_bad": 1}


def test_rating_compares_the_means_of_what_applies() -> None:
    stored = {"ratings": {"helpful": [1, 4], "correct": ["na", 2]}}
    rows, _ = rows_of("trl_reward", [item(answer("a", stored))], RATED)
    assert rows[0]["chosen_index"] == 1
    assert (rows[0]["score_chosen"], rows[0]["score_rejected"]) == (3.0, 1.0)
    assert rows[0]["margin"] == 0.5


def test_criterion_and_least_difference_decide_about_a_rated_pair() -> None:
    stored = {"ratings": {"helpful": [1, 4], "correct": [3, 2]}}
    items = [item(answer("a", stored))]
    rows, _ = rows_of("trl_preference", items, RATED, criterion="correct")
    assert rows[0]["chosen_index"] == 0
    rows, tally = rows_of(
        "trl_preference", items, RATED, criterion="correct", min_difference=2
    )
    assert rows == []
    assert tally.dropped == {"small_difference": 1}


# --- ties and both bad --------------------------------------------------------------


def tied(**options: str) -> tuple[list[dict[str, object]], Tally]:
    answers = [answer("a", grade(0)), answer("b", grade(2))]
    return rows_of("trl_preference", [item(*answers)], ASKED, **options)


def test_tie_is_left_out_and_others_stay() -> None:
    rows, tally = tied(ties="leave_out")
    assert [row["annotation_id"] for row in rows] == ["b"]
    assert tally.dropped == {"tie": 1}


def test_tie_drops_the_pair_for_everybody() -> None:
    rows, tally = tied(ties="drop_pair")
    assert rows == []
    assert tally.dropped == {"tie": 1, "pair_tied": 1}


def test_tie_stands_both_ways_with_half_the_weight() -> None:
    rows, tally = tied(ties="half")
    halves = [row for row in rows if row["annotation_id"] == "a"]
    assert [(r["chosen_index"], r["weight"], r["p_chosen"]) for r in halves] == [
        (0, 0.5, 0.5),
        (1, 0.5, 0.5),
    ]
    assert (tally.exported, len(rows)) == (2, 3)


def test_tie_is_half_a_vote_for_each_side_of_an_aggregate() -> None:
    rows, _ = tied(ties="half", unit="aggregate")
    (row,) = rows
    assert (row["p_chosen"], row["n_votes"]) == (0.75, 2)
    assert row["annotation_ids"] == ["b", "a"]


@pytest.mark.parametrize(
    ("both_bad", "n_rows", "dropped"),
    [
        ("leave_out", 1, {"both_bad": 1}),
        ("drop_pair", 0, {"both_bad": 1, "pair_both_bad": 1}),
        ("as_tie", 3, {}),
    ],
)
def test_both_bad_follows_its_policy(
    both_bad: str, n_rows: int, dropped: dict[str, int]
) -> None:
    answers = [answer("a", grade(0, both_bad=True)), answer("b", grade(2))]
    rows, tally = rows_of(
        "trl_preference", [item(*answers)], ASKED, both_bad=both_bad, ties="half"
    )
    assert len(rows) == n_rows
    assert tally.dropped == dropped


# --- conflicts ----------------------------------------------------------------------


def disputed(
    grades: list[int], **options: str
) -> tuple[list[dict[str, object]], Tally]:
    answers = [answer(f"a{n}", grade(value)) for n, value in enumerate(grades)]
    return rows_of("trl_preference", [item(*answers)], ASKED, **options)


def test_all_sides_of_a_conflict_are_kept() -> None:
    rows, tally = disputed([1, 2, -3], conflicts="keep")
    assert [row["chosen_index"] for row in rows] == [0, 0, 1]
    assert tally.exported == 3


def test_minority_is_dropped() -> None:
    rows, tally = disputed([1, 2, -3], conflicts="majority")
    assert [row["chosen_index"] for row in rows] == [0, 0]
    assert tally.dropped == {"minority": 1}


def test_equal_sides_have_no_majority() -> None:
    rows, tally = disputed([1, -3], conflicts="majority")
    assert rows == []
    assert tally.dropped == {"no_majority": 2}


def test_conflict_drops_the_pair() -> None:
    rows, tally = disputed([1, 2, -3], conflicts="drop_pair")
    assert rows == []
    assert tally.dropped == {"conflict": 3}


def test_aggregate_follows_the_votes_and_its_margin_the_grades() -> None:
    rows, tally = disputed([1, 2, -3], unit="aggregate")
    (row,) = rows
    assert row["chosen_index"] == 0
    assert row["p_chosen"] == 2 / 3
    assert tally.exported == 3
    assert row["orders_shown"] == [[0, 1]] * 3


def test_aggregate_margin_is_never_negative() -> None:
    answers = [answer(f"a{n}", grade(v)) for n, v in enumerate([1, 1, -3])]
    rows, _ = rows_of("trl_reward", [item(*answers)], ASKED, unit="aggregate")
    assert (rows[0]["chosen_index"], rows[0]["margin"]) == (0, 0.0)


def test_best_two_beat_the_rest_and_the_rest_is_not_compared() -> None:
    stored = {"ranking": {"tiers": [[2], [0]], "unacceptable": [], "below": [1, 3]}}
    rows, tally = rows_of(
        "trl_reward", [item(answer("a", stored), n_completions=4)], RANKED, ties="half"
    )
    pairs = {(row["chosen_index"], row["rejected_index"]) for row in rows}
    assert pairs == {(2, 0), (2, 1), (2, 3), (0, 1), (0, 3)}
    assert tally.left_out == {"not_compared": 1}


def test_what_is_not_judged_is_in_no_pair() -> None:
    stored = {"ranking": {"tiers": [[1], [0]], "unacceptable": [], "not_judged": [2]}}
    rows, tally = rows_of(
        "trl_preference", [item(answer("a", stored), n_completions=3)], RANKED
    )
    assert [(row["chosen_index"], row["rejected_index"]) for row in rows] == [(1, 0)]
    assert tally.left_out == {"not_judged": 2}


def test_unacceptable_stands_below_what_has_no_place() -> None:
    stored = {"ranking": {"tiers": [[0]], "unacceptable": [2], "below": [1]}}
    rows, _ = rows_of(
        "trl_preference", [item(answer("a", stored), n_completions=3)], RANKED
    )
    pairs = {(row["chosen_index"], row["rejected_index"]) for row in rows}
    assert pairs == {(0, 1), (0, 2), (1, 2)}


def test_marked_words_go_with_the_pair_and_the_aggregate() -> None:
    marks = {"name": "marks", "type": "spans", "title": "Words", "is_required": False}
    asked = version(COMPARISON, marks)
    span = {
        "completion": 1,
        "start": 0,
        "end": 2,
        "polarity": "against",
        "quote": "A1",
        "text_sha256": "0" * 64,
    }
    answers = [
        answer("a", {**grade(2), "marks": [span]}),
        answer("b", grade(2)),
    ]
    told = {
        "annotator": "p-a",
        "question": "marks",
        "completion_index": 1,
        "start": 0,
        "end": 2,
        "polarity": "against",
        "tag": None,
        "note": None,
        "quote": "A1",
        "text_sha256": "0" * 64,
    }
    rows, _ = rows_of("trl_preference", [item(*answers)], asked)
    assert [row["spans"] for row in rows] == [[told], []]
    rows, _ = rows_of("trl_preference", [item(*answers)], asked, unit="aggregate")
    assert [row["spans"] for row in rows] == [[told]]
