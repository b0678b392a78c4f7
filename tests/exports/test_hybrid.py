"""One label for each item: people's where they gave one, else the AI's."""

import json
from typing import Any

import pytest

from annotation.formats.exports import hybrid
from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.hybrid import Draw
from annotation.formats.exports.hybrid_policy import HybridPolicy
from annotation.formats.exports.options import InvalidOptionsError, describe
from annotation.formats.exports.policy import Policy, Tally
from annotation.formats.exports.types import (
    StoredAnswer,
    StoredItem,
    StoredRoute,
    Suggested,
)
from tests.exports.build import (
    COMPARISON,
    JUDGE,
    RANKING,
    RATING,
    answer,
    item,
    person,
    version,
)
from tests.exports.run import Told

VERSION = version(COMPARISON)
OURS = JUDGE._replace(key=7)
CHOSEN = StoredRoute(
    source="human",
    part="chosen",
    policy=1,
    gain=0.3,
    gain_low=0.1,
    gain_high=0.6,
    propensity=1.0,
    cost_usd=0.2,
    reasons='[{"name": "x", "words": "Judges disagree."}]',
    run="run-1",
)
REST = CHOSEN._replace(source="ai", part="rest", propensity=0.25)


def grade(key: str, value: int, **facts: Any) -> StoredAnswer:
    """Return a comparison."""
    both_bad = {"both_bad": True} if facts.pop("both_bad", False) else {}
    return answer(key, {"preference": {"value": value, **both_bad}}, **facts)


def verdict(value: int, **facts: Any) -> StoredAnswer:
    """Return what the policy's machine says."""
    return grade("v", value, **({"machine": OURS, "order": None} | facts))


def labelled(
    *items: StoredItem,
    form: str = "ranking",
    told: Told | None = None,
    machine: int | None = None,
    overlap: int = 1,
    **options: Any,
) -> tuple[list[dict[str, Any]], Tally, HybridPolicy]:
    """Return the rows of a hybrid data set as dictionaries, and the counts."""
    chosen = parse_options({"format": form, "labels_from": "hybrid", **options})
    plan = FORMATS[form].plan
    assert plan is not None
    columns, judge = plan(chosen, [VERSION])
    policy = Policy(
        chosen,
        {1: VERSION, 2: version(RANKING), 3: version(RATING)},
        FORMATS[form].kinds,
        judge,
        takes_decisions=True,
    )
    labels = HybridPolicy(policy, told or Told(), machine, overlap)
    tally = Tally()
    names = [column.name for column in (*columns, *hybrid.COLUMNS)]
    rows = [dict(zip(names, r, strict=True)) for r in labels.rows(items, tally)]
    assert tally.is_balanced
    assert labels.counts.n_items + labels.counts.left_out.total() == len(items)
    return rows, tally, labels


def test_people_come_before_the_ai() -> None:
    one = item(grade("a", 1), verdict(-1))._replace(route=CHOSEN)
    (row,), tally, _ = labelled(one)
    assert (row["label_source"], row["ranks"]) == ("human", [1, 2])
    assert (row["people_label"], row["ai_label"]) == ("a", "b")
    assert (row["annotators"], row["ai_annotator"]) == (["p-a"], "judge")
    assert tally.dropped == {"people_labelled": 1}


def test_ai_stands_where_people_said_nothing() -> None:
    one = item(verdict(-2))._replace(route=REST)
    (row,), _, labels = labelled(one)
    assert (row["label_source"], row["ranks"]) == ("ai", [2, 1])
    assert (row["label_confidence"], row["label_confidence_kind"]) == (
        0.8,
        "calibrated",
    )
    assert (row["ipw"], row["label_is_complete"]) == (None, False)
    assert labels.counts.machines == {"judge": (OURS, 1)}


def test_row_carries_the_whole_decision() -> None:
    (row,), _, _ = labelled(item(grade("a", 1))._replace(route=CHOSEN))
    told = {name: row[f"route_{name}"] for name in CHOSEN._fields if name != "reasons"}
    assert told == {k: v for k, v in CHOSEN._asdict().items() if k != "reasons"}
    assert row["route_reasons"] == ["Judges disagree."]
    assert (row["ipw"], row["split"]) == (None, "train")


@pytest.mark.parametrize(
    ("grades", "label", "confidence"),
    [
        ((1, 1, -1), "a", 2 / 3),
        ((1, 0, 0), "tie", 2 / 3),
        ((1, -1), "tie", 1 / 2),
        ((2, -1, 0), "tie", 1 / 3),
        ((-3, 1, 1), "a", 2 / 3),
    ],
)
def test_tie_is_a_class_of_its_own_in_every_format(
    grades: tuple[int, ...], label: str, confidence: float
) -> None:
    answers = [grade(str(n), value) for n, value in enumerate(grades)]
    ranks = {"a": [1, 2], "tie": [1, 1], "b": [2, 1]}
    (row,), _, _ = labelled(item(*answers), overlap=3)
    assert (row["people_label"], row["ranks"]) == (label, ranks[label])
    assert row["label_confidence"] == pytest.approx(confidence)
    (row,), _, _ = labelled(item(*answers), form="helpsteer_preference")
    assert (row["overall_preference"] < 0) == (label == "a")
    assert (row["overall_preference"] == 0) == (label == "tie")
    rows, _, labels = labelled(item(*answers), form="trl_preference")
    assert [row["chosen_index"] for row in rows] == ([0] if label == "a" else [])
    assert labels.counts.left_out == ({} if label == "a" else {"tie": 1})


def test_tie_can_stand_both_ways_with_half_the_weight() -> None:
    rows, _, _ = labelled(item(grade("a", 0)), form="trl_preference", ties="half")
    told = [(r["chosen_index"], r["p_chosen"], r["weight"]) for r in rows]
    assert told == [(0, 0.5, 0.5), (1, 0.5, 0.5)]
    assert [row["label_weight"] for row in rows] == [0.5, 0.5]
    most = item(grade("a", 1), grade("b", 1), grade("c", 0))
    assert len(labelled(most, form="trl_preference")[0]) == 1
    assert labelled(most, form="trl_preference", ties="drop_pair")[0] == []


def test_both_bad_is_a_tie_and_labels_single_replies_where_most_say_so() -> None:
    bad = [grade("a", 0, both_bad=True), grade("b", 0, both_bad=True)]
    rows, _, _ = labelled(item(*bad, grade("c", 2)), form="trl_unpaired")
    assert [(row["label"], row["label_weight"]) for row in rows] == [
        (False, pytest.approx(1 / 3)),
        (False, pytest.approx(1 / 3)),
    ]
    rows, _, labels = labelled(item(bad[0], grade("c", 2)), form="trl_unpaired")
    assert (rows, labels.counts.n_items) == ([], 0)


def test_audit_is_left_out_unless_it_is_kept_and_marked() -> None:
    audit = CHOSEN._replace(part="audit", propensity=0.5)
    one = item(grade("a", 1), verdict(1))._replace(route=audit)
    rows, tally, labels = labelled(one)
    assert (rows, labels.counts.left_out) == ([], {"audit": 1})
    assert tally.dropped == {"audit": 2}
    (row,), _, labels = labelled(one, audit="keep")
    assert (row["split"], row["ipw"], labels.counts.n_audit) == ("audit", 2.0, 1)


def test_draw_of_the_newest_policy_holds_where_no_route_tells_it() -> None:
    draw = Draw(2, "audit", 0.25, 0.2, "run-9")
    one = item(grade("a", 1))
    assert labelled(one, told=Told(draw))[0] == []
    (row,), _, _ = labelled(one, told=Told(draw), audit="keep")
    assert (row["route_part"], row["route_run"], row["ipw"]) == ("audit", "run-9", 4)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"person": person(is_withdrawn=True)}, "withdrawn"),
        ({"state": "surplus"}, "surplus"),
        ({"fate": "superseded"}, "superseded"),
        ({"purpose": "mirror"}, "purpose"),
        ({"is_suggestion_visible": True}, "seen"),
    ],
)
def test_ai_takes_over_where_no_answer_of_people_counts(
    facts: dict[str, Any], reason: str
) -> None:
    one = item(grade("a", 1, **facts), verdict(-1))._replace(route=CHOSEN)
    (row,), tally, _ = labelled(one)
    assert (row["label_source"], row["people_label"]) == ("ai", None)
    assert tally.dropped == {reason: 1}


def test_first_answer_counts_where_a_verdict_was_revealed() -> None:
    first = json.dumps({"preference": {"value": -1}})
    drawn = Suggested("revealed", 1.0, "2026-01-01", "judge", "{}", first, True)
    changed = grade("a", 1, is_suggestion_visible=True, suggested=drawn)
    (row,), _, _ = labelled(item(changed))
    assert (row["people_label"], row["ranks"]) == ("b", [2, 1])


def test_label_without_all_its_answers_has_no_weight_for_estimates() -> None:
    drawn = CHOSEN._replace(part="reserve", propensity=0.5)
    one = item(grade("a", 1))._replace(route=drawn)
    (row,), _, _ = labelled(one, overlap=2)
    assert (row["label_source"], row["label_is_complete"], row["ipw"]) == (
        "human",
        False,
        None,
    )
    (row,), _, _ = labelled(one._replace(overlap=1), overlap=2)
    assert (row["label_is_complete"], row["ipw"]) == (True, 2.0)


def test_item_of_no_policy_takes_the_machine_that_was_chosen() -> None:
    one = item(verdict(1))
    rows, tally, labels = labelled(one)
    assert (rows, labels.counts.left_out) == ([], {"no_label": 1})
    assert tally.dropped == {"other_machine": 1}
    (row,), _, _ = labelled(one, machine=7)
    assert (row["label_source"], row["route_part"]) == ("ai", "none")
    by_hand = one._replace(route=StoredRoute("ai", "Too easy.", "by_hand"))
    (row,), _, _ = labelled(by_hand)
    assert (row["route_part"], row["route_reason"]) == ("by_hand", "Too easy.")


def test_machine_of_another_policy_says_nothing() -> None:
    one = item(verdict(1, machine=JUDGE._replace(key=8)))._replace(route=REST)
    rows, tally, _ = labelled(one)
    assert (rows, tally.dropped) == ([], {"other_machine": 1})


def test_verdict_of_both_orders_stands_for_those_of_one() -> None:
    orders = [verdict(2, order=(0, 1)), verdict(-1, order=(1, 0)), verdict(1)]
    (row,), tally, _ = labelled(item(*orders)._replace(route=REST))
    assert row["ranks"] == [1, 2]
    assert tally.dropped == {"in_one_order": 2}


def test_failed_verdict_is_no_label() -> None:
    failed = verdict(1, machine=OURS._replace(status="failed"))
    rows, tally, labels = labelled(item(failed)._replace(route=REST))
    assert (rows, labels.counts.left_out) == ([], {"no_label": 1})
    assert tally.dropped == {"machine_failed": 1}


def test_item_out_of_the_work_is_in_no_row() -> None:
    one = item(grade("a", 1), verdict(1))._replace(route=CHOSEN, is_excluded=True)
    rows, tally, labels = labelled(one)
    assert (rows, labels.counts.left_out) == ([], {"excluded": 1})
    assert tally.dropped == {"excluded": 2}


def test_decision_of_the_team_stands_for_people_if_it_is_to() -> None:
    decision = grade("d", -1, source="adjudication", person=None)
    one = item(grade("a", 1), verdict(1))._replace(route=CHOSEN, decision=decision)
    (row,), tally, _ = labelled(one)
    assert (row["ranks"], row["label_confidence_kind"]) == ([2, 1], "adjudicated")
    assert (row["people_label"], tally.n_adjudicated) == ("a", 1)
    (row,), _, _ = labelled(one, adjudicated_wins=False)
    assert (row["ranks"], row["label_confidence_kind"]) == ([1, 2], "votes")


def test_rankings_of_several_completions_share_the_weight_of_their_item() -> None:
    tiers = {"ranking": {"tiers": [[2], [0], [1]], "unacceptable": []}}
    one = item(answer("a", tiers, version=2), n_completions=3)
    rows, _, _ = labelled(one, form="trl_preference")
    assert len(rows) == 3
    assert [row["label_weight"] for row in rows] == [pytest.approx(1 / 3)] * 3
    assert {(row["people_label"], row["label_confidence"]) for row in rows} == {
        (None, 1.0)
    }


def test_ratings_are_labels_too() -> None:
    marks = {"ratings": {"helpful": [4, 1], "correct": [3, 0]}}
    one = item(answer("v", marks, version=3, machine=OURS, order=None))
    rows, _, _ = labelled(one._replace(route=REST), form="trl_unpaired")
    assert [(row["label"], row["label_source"]) for row in rows] == [
        (True, "ai"),
        (False, "ai"),
    ]
    assert {row["ai_label"] for row in rows} == {"a"}


def test_formats_that_hold_every_label_say_no() -> None:
    for form in ("raw", "native"):
        with pytest.raises(InvalidOptionsError, match="holds every label"):
            parse_options({"format": form, "labels_from": "hybrid"})


def test_sentences_say_what_holds_and_nothing_else() -> None:
    options = parse_options({"format": "trl_preference", "labels_from": "hybrid"})
    said = " ".join(describe(options, FORMATS["trl_preference"].options))
    assert "Each item has one label" in said
    assert "a tie gives no row where a row needs a side" in said
    for words in ("put together", "contradict", "Labels by machines", "half a vote"):
        assert words not in said
