"""Ranked lists, single labels, HelpSteer's and MultiPref's columns and signs."""

import pytest

from annotation.formats.exports.prompts import steer_text
from tests.exports.build import (
    COMPARISON,
    JUDGE,
    RANKING,
    RATING,
    RATIONALE,
    answer,
    item,
    person,
    version,
)
from tests.exports.run import rows_of

ASKED = version(COMPARISON, RATIONALE)
RATED = version(RATING)
RANKED = version(RANKING)


def grade(value: int, **more: object) -> dict[str, object]:
    return {"preference": {"value": value, **more}}


# --- unpaired -----------------------------------------------------------------------


def test_label_is_true_in_the_upper_and_false_in_the_lower_quarter() -> None:
    stored = {"ratings": {"helpful": [4, 0, 2], "correct": [3, 1, 3]}}
    rows, tally = rows_of(
        "trl_unpaired", [item(answer("a", stored), n_completions=3)], RATED
    )
    assert [(row["completion_index"], row["label"]) for row in rows] == [
        (0, True),
        (1, False),
    ]
    assert [row["score"] for row in rows] == [3.5, 0.5]
    assert tally.left_out == {"between_thresholds": 1}


def test_thresholds_can_be_chosen() -> None:
    stored = {"ratings": {"helpful": [2, 1], "correct": [2, 1]}}
    rows, _ = rows_of(
        "trl_unpaired", [item(answer("a", stored))], RATED, good_from=2, bad_to=1
    )
    assert [row["label"] for row in rows] == [True, False]


def test_preference_alone_makes_no_label() -> None:
    rows, tally = rows_of("trl_unpaired", [item(answer("a", grade(3)))], ASKED)
    assert rows == []
    assert tally.dropped == {"only_relative": 1}


def test_both_bad_labels_both_false() -> None:
    stored = grade(0, both_bad=True)
    rows, _ = rows_of("trl_unpaired", [item(answer("a", stored, order=(1, 0)))], ASKED)
    assert [(row["label"], row["position"]) for row in rows] == [(False, 1), (False, 0)]


def test_only_the_unacceptable_of_a_ranking_is_labelled() -> None:
    stored = {"ranking": {"tiers": [[2], [0]], "unacceptable": [1]}}
    rows, _ = rows_of(
        "trl_unpaired", [item(answer("a", stored), n_completions=3)], RANKED
    )
    assert [(row["completion_index"], row["label"]) for row in rows] == [(1, False)]


@pytest.mark.parametrize(
    ("conflicts", "labels", "dropped"),
    [
        ("keep", [True, True, False], {}),
        ("majority", [True, True], {"minority": 1}),
        ("drop_pair", [], {"conflict": 3}),
    ],
)
def test_contradicting_labels_follow_the_policy(
    conflicts: str, labels: list[bool], dropped: dict[str, int]
) -> None:
    marks = [4, 3, 0]
    answers = [
        answer(f"a{n}", {"ratings": {"helpful": [mark], "correct": [mark]}})
        for n, mark in enumerate(marks)
    ]
    rows, tally = rows_of(
        "trl_unpaired", [item(*answers, n_completions=1)], RATED, conflicts=conflicts
    )
    assert [row["label"] for row in rows] == labels
    assert tally.dropped == dropped


def test_aggregated_label_is_the_majority() -> None:
    answers = [
        answer(f"a{n}", {"ratings": {"helpful": [mark], "correct": [mark]}})
        for n, mark in enumerate([4, 3, 0])
    ]
    rows, _ = rows_of(
        "trl_unpaired", [item(*answers, n_completions=1)], RATED, unit="aggregate"
    )
    assert [(row["label"], row["p_good"], row["n_votes"]) for row in rows] == [
        (True, 2 / 3, 3)
    ]


# --- lists --------------------------------------------------------------------------


def test_ranks_share_ties_and_unacceptable_stands_last() -> None:
    stored = {"ranking": {"tiers": [[2], [0, 3]], "unacceptable": [1]}}
    (row,), _ = rows_of(
        "ranking",
        [item(answer("a", stored, order=(3, 1, 0, 2)), n_completions=4)],
        RANKED,
        style="standard",
    )
    assert row["responses"] == ["A0", "A1", "A2", "A3"]
    assert row["ranks"] == [2, 4, 1, 2]
    assert row["unacceptable"] == [False, True, False, False]
    assert row["scores"] == pytest.approx([2 / 3, 1 / 3, 1, 2 / 3])
    assert row["positions"] == [2, 1, 3, 0]


def test_marks_give_scores_on_the_whole_scale() -> None:
    stored = {"ratings": {"helpful": [4, 1], "correct": [2, 1]}}
    (row,), _ = rows_of("ranking", [item(answer("a", stored))], RATED)
    assert row["scores"] == [0.75, 0.25]
    assert row["ranks"] == [1, 2]


def test_list_with_an_unrated_completion_is_dropped() -> None:
    stored = {"ratings": {"helpful": [4, "na"], "correct": [2, "na"]}}
    rows, tally = rows_of("ranking", [item(answer("a", stored))], RATED)
    assert rows == []
    assert tally.dropped == {"not_rated": 1}


def test_comparison_is_a_list_of_two() -> None:
    (row,), _ = rows_of("ranking", [item(answer("a", grade(-1)))], ASKED)
    assert row["ranks"] == [2, 1]


def test_mean_of_opposite_rankings_is_a_tie() -> None:
    answers = [
        answer("a", {"ranking": {"tiers": [[0], [1], [2], [3]]}}),
        answer("b", {"ranking": {"tiers": [[3], [2], [1], [0]]}}),
    ]
    (row,), _ = rows_of(
        "ranking", [item(*answers, n_completions=4)], RANKED, unit="aggregate"
    )
    assert row["ranks"] == [1, 1, 1, 1]
    assert row["n_votes"] == 2


def test_pro_puts_the_best_reply_first() -> None:
    stored = {"ranking": {"tiers": [[2], [0], [1]]}}
    (row,), _ = rows_of("pro", [item(answer("a", stored), n_completions=3)], RANKED)
    assert row["suffix"] == ["A2", "A0", "A1"]
    assert row["reward"] == [1, 0.5, 0]
    assert row["prefix"] == [["<|prompter|>Why?", "<|assistant|>"]] * 3
    assert row["meta"]["models"] == ["m2", "m0", "m1"]


# --- HelpSteer ----------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [(3, -3), (1, -1), (0, 0), (-2, 2)])
def test_helpsteer_sign_is_turned(ours: int, theirs: int) -> None:
    (row,), _ = rows_of("helpsteer_preference", [item(answer("a", grade(ours)))], ASKED)
    assert (row["response1"], row["response2"]) == ("A0", "A1")
    assert row["overall_preference"] == theirs


@pytest.mark.parametrize(
    ("strength", "ours", "theirs"), [(1, 1, -2), (2, 1, -1), (2, -2, 3)]
)
def test_coarser_scales_keep_their_words_in_helpsteer(
    strength: int, ours: int, theirs: int
) -> None:
    asked = version(COMPARISON | {"strength": strength})
    (row,), _ = rows_of("helpsteer_preference", [item(answer("a", grade(ours)))], asked)
    assert row["overall_preference"] == theirs


def test_helpsteer_aggregate_is_the_rounded_mean_with_each_view() -> None:
    answers = [
        answer("a", grade(3) | {"rationale": "Right."}),
        answer("b", grade(2)),
        answer("c", grade(-1)),
    ]
    (row,), _ = rows_of(
        "helpsteer_preference", [item(*answers)], ASKED, unit="aggregate"
    )
    assert row["overall_preference"] == -1
    each = row["individual_preference"]
    assert [one["score"] for one in each] == [-3, -2, 1]
    assert [one["reasoning"] for one in each] == ["Right.", "", ""]


def test_helpsteer_ratings_have_a_column_for_each_criterion() -> None:
    stored = {"ratings": {"helpful": [4, 1], "correct": ["na", 2]}}
    rows, _ = rows_of("helpsteer_ratings", [item(answer("a", stored))], RATED)
    assert [(r["response"], r["helpful"], r["correct"]) for r in rows] == [
        ("A0", 4, None),
        ("A1", 1, 2),
    ]


def test_helpsteer_ratings_are_put_together_as_whole_marks() -> None:
    answers = [
        answer("a", {"ratings": {"helpful": [4], "correct": [1]}}),
        answer("b", {"ratings": {"helpful": [3], "correct": ["na"]}}),
    ]
    (row,), _ = rows_of(
        "helpsteer_ratings", [item(*answers, n_completions=1)], RATED, unit="aggregate"
    )
    assert (row["helpful"], row["correct"], row["n_votes"]) == (4, 1, 2)


def test_criterion_called_like_a_column_is_renamed() -> None:
    criteria = [{"name": "source", "title": "Source"}]
    asked = version(RATING | {"criteria": criteria})
    stored = {"ratings": {"source": [3]}}
    (row,), _ = rows_of(
        "helpsteer_ratings", [item(answer("a", stored), n_completions=1)], asked
    )
    assert (row["rating_source"], row["source"]) == (3, "web")


def test_later_turns_follow_helpsteers_mark() -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Why?"},
    ]
    text = steer_text(item()._replace(messages=messages))
    assert text == "Hi\n<extra_id_1>Assistant\nHello\n<extra_id_1>User\nWhy?"


# --- MultiPref ----------------------------------------------------------------------


def test_multipref_lists_every_aspect_of_every_annotator() -> None:
    helpful = COMPARISON | {"name": "helpful", "strength": 2}
    overall = COMPARISON | {"strength": 2}
    asked = version(helpful, overall, RATIONALE)
    first = {
        "helpful": {"value": 2, "reasons": ["clear"], "confidence": "sure"},
        "preference": {"value": -1},
        "rationale": "B is kinder.",
    }
    answers = [
        answer("a", first),
        answer("b", grade(0), person=person("x", group="expert")),
    ]
    (row,), _ = rows_of("multipref", [item(*answers)], asked)
    (entry,) = row["normal_worker_annotations"]
    assert entry["helpful_pref"] == "A-is-clearly-better"
    assert entry["helpful_checked_reasons"] == ["clear"]
    assert entry["helpful_confidence"] == "sure"
    assert entry["overall_pref"] == "B-is-slightly-better"
    assert entry["overall_own_reason"] == "B is kinder."
    assert (entry["evaluator"], entry["time_spent"]) == ("p-a", 6)
    (expert,) = row["expert_worker_annotations"]
    assert expert["overall_pref"] == "Tie"
    assert expert["helpful_pref"] is None
    assert (row["comparison_id"], row["prompt_id"]) == ("q1", "item-1")


@pytest.mark.parametrize("form", ["trl_preference", "multipref", "ranking"])
def test_people_and_machines_never_share_a_row(form: str) -> None:
    answers = [answer("a", grade(1)), answer("m", grade(1), machine=JUDGE)]
    rows, _ = rows_of(form, [item(*answers)], ASKED, include_machine=True)
    assert sorted(str(row["annotator_type"]) for row in rows) == ["human", "machine"]


def test_what_has_no_place_shares_the_rank_after_the_last() -> None:
    stored = {"ranking": {"tiers": [[2]], "unacceptable": [3], "below": [0, 1]}}
    rows, _ = rows_of("ranking", [item(answer("a", stored), n_completions=4)], RANKED)
    assert rows[0]["ranks"] == [2, 2, 1, 4]


def test_list_that_is_not_judged_whole_is_left_out() -> None:
    stored = {"ranking": {"tiers": [[2], [0]], "unacceptable": [], "not_judged": [1]}}
    rows, tally = rows_of(
        "ranking", [item(answer("a", stored), n_completions=3)], RANKED
    )
    assert rows == []
    assert tally.dropped == {"not_judged": 1}
