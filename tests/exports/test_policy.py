"""Every stored answer is counted once, whatever it holds and whatever is chosen."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.native_rows import native_row
from annotation.formats.exports.options import (
    CHOICES,
    InvalidOptionsError,
    describe,
)
from annotation.formats.exports.policy import Tally
from annotation.formats.exports.types import StoredAnswer, StoredItem
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
from tests.exports.run import rows_of, run

VERSIONS = {
    1: version(COMPARISON, RATIONALE),
    2: version(RANKING),
    3: version(RATING, COMPARISON | {"strength": 1}),
}
JUDGED = [name for name, form in FORMATS.items() if form.plan is not None]


@st.composite
def stored_answers(draw: st.DrawFn, key: str, n: int) -> StoredAnswer:
    """Any answer to any version, current or not, by anybody."""
    number = draw(st.sampled_from([1, 2, 3]))
    indexes = draw(st.permutations(range(n)))
    cut, out = draw(st.integers(0, n)), draw(st.integers(0, n))
    tiers = [list(indexes[:cut]), *([i] for i in indexes[cut : max(cut, out)])]
    marks = st.lists(st.sampled_from([0, 1, 2, 3, 4, "na"]), min_size=n, max_size=n)
    possible: dict[str, Any] = {
        "preference": {
            "value": draw(st.integers(-1, 1)),
            **draw(st.sampled_from([{}, {"both_bad": True}])),
        },
        "ranking": {
            "tiers": [tier for tier in tiers if tier],
            "unacceptable": list(indexes[max(cut, out) :]),
        },
        "ratings": {"helpful": draw(marks), "correct": draw(marks)},
        "rationale": "Because.",
    }
    if possible["preference"].get("both_bad"):
        possible["preference"]["value"] = 0
    asked = {question.name for question in VERSIONS[number].questions}
    given_ = {k: v for k, v in possible.items() if k in asked and draw(st.booleans())}
    machine = draw(
        st.sampled_from([None, None, JUDGE, JUDGE._replace(status="unparsable")])
    )
    scopes = draw(st.sampled_from([(), ("research",), ("publication", "research")]))
    return answer(
        key,
        given_,
        version=number,
        machine=machine,
        person=None
        if machine
        else person(
            key,
            scopes=scopes,
            is_withdrawn=draw(st.booleans()),
            standing=draw(st.sampled_from(["active", "paused", "blocked"])),
        ),
        source="machine" if machine else draw(st.sampled_from(["web", "import"])),
        order=draw(st.sampled_from([None, tuple(indexes)])),
        fate=draw(st.sampled_from(["current", "current", "superseded", "taken_back"])),
        state=draw(st.sampled_from(["submitted", "submitted", "surplus"])),
        purpose=draw(st.sampled_from(["main", "imported", "training"])),
    )


@st.composite
def stored_items(draw: st.DrawFn) -> list[StoredItem]:
    """A few items with a few answers each."""
    items = []
    for number in range(draw(st.integers(1, 3))):
        n = draw(st.sampled_from([1, 2, 2, 3]))
        answers = [
            draw(stored_answers(f"{number}-{place}", n))
            for place in range(draw(st.integers(0, 5)))
        ]
        items.append(item(*answers, n_completions=n))
    return items


def any_options() -> st.SearchStrategy[dict[str, Any]]:
    """Any choice of every policy."""
    flags = ["imported", "surplus", "machine", "superseded"]
    return st.fixed_dictionaries(
        {
            **{
                name: st.sampled_from(list(offered))
                for name, offered in CHOICES.items()
            },
            **{f"include_{flag}": st.booleans() for flag in flags},
            "only_publishable": st.booleans(),
            "leave_out_blocked": st.booleans(),
            "min_difference": st.sampled_from([0, 1]),
            "criterion": st.sampled_from(["", "helpful"]),
            "question": st.sampled_from(["", "", "preference", "ratings"]),
        }
    )


@pytest.mark.parametrize("form", JUDGED)
@settings(max_examples=60, deadline=None)
@given(items=stored_items(), options=any_options())
def test_exported_and_dropped_add_up_to_stored(
    form: str, items: list[StoredItem], options: dict[str, Any]
) -> None:
    rows, tally = run(form, items, VERSIONS, **options)
    assert tally.stored == sum(len(one.answers) for one in items)
    assert tally.stored == tally.exported + sum(tally.dropped.values())
    assert tally.parts == tally.used + sum(tally.left_out.values())
    assert bool(rows) == bool(tally.exported)
    for row in rows:
        json.dumps(row)


@settings(max_examples=60, deadline=None)
@given(items=stored_items(), options=any_options())
def test_native_rows_account_for_every_answer(
    items: list[StoredItem], options: dict[str, Any]
) -> None:
    fixed = {"file_type": "jsonl", "labels_from": "people"}
    chosen = parse_options({"format": "native", **options, **fixed})
    tally = Tally()
    rows = [native_row(one, chosen, VERSIONS, tally) for one in items]
    assert tally.stored == sum(len(one.answers) for one in items)
    assert tally.is_balanced
    assert tally.exported == sum(len(row.get("labels", [])) for row in rows)


def test_every_aggregate_names_each_answer_behind_it() -> None:
    answers = [answer(f"a{n}", {"preference": {"value": 1}}) for n in range(3)]
    rows, tally = rows_of(
        "trl_preference", [item(*answers)], VERSIONS[1], unit="aggregate"
    )
    assert rows[0]["annotation_ids"] == ["a0", "a1", "a2"]
    assert tally.exported == 3


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"person": person(is_withdrawn=True)}, "withdrawn"),
        ({"fate": "taken_back"}, "taken_back"),
        ({"fate": "superseded"}, "superseded"),
        ({"state": "surplus"}, "surplus"),
        ({"purpose": "training"}, "purpose"),
        ({"machine": JUDGE}, "machine"),
        ({"answers": "{}"}, "no_answer"),
        ({"version": 2}, "no_answer"),
    ],
)
def test_answer_is_left_out_for_its_reason(facts: dict[str, Any], reason: str) -> None:
    stored = answer("a", {"preference": {"value": 1}}, **facts)
    rows, tally = run("trl_preference", [item(stored)], VERSIONS)
    assert rows == []
    assert tally.dropped == {reason: 1}


def test_question_that_was_not_asked_is_its_own_reason() -> None:
    stored = answer("a", {"ranking": {"tiers": [[0], [1]]}}, version=2)
    _, tally = run("trl_preference", [item(stored)], VERSIONS, question="preference")
    assert tally.dropped == {"not_asked": 1}


def test_publication_needs_consent_to_it() -> None:
    agreed = answer(
        "a", {"preference": {"value": 1}}, person=person("x", is_publishable=True)
    )
    silent = answer("b", {"preference": {"value": 1}})
    rows, tally = rows_of(
        "trl_preference", [item(agreed, silent)], VERSIONS[1], only_publishable=True
    )
    assert [row["annotator"] for row in rows] == ["x"]
    assert tally.dropped == {"not_publishable": 1}


def test_card_promises_replaced_answers_only_where_they_come() -> None:
    for form, is_taken in (("raw", True), ("trl_preference", False)):
        chosen = parse_options({"format": form, "include_superseded": True})
        sentences = " ".join(describe(chosen, FORMATS[form].options))
        word = "included" if is_taken else "left out"
        assert f"replaced or taken back are {word}." in sentences


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"format": "xml"}, "format"),
        ({"format": "native", "file_type": "csv"}, "file_type"),
        ({"ties": "sometimes"}, "ties"),
        ({"include_machine": "perhaps"}, "include_machine"),
        ({"good_from": "many"}, "good_from"),
        ({"good_from": 1, "bad_to": 2}, "bad_to"),
        ({"min_difference": -1}, "min_difference"),
        ({"salt": "x"}, "salt"),
        ({"question": 3}, "question"),
    ],
)
def test_bad_option_is_named(options: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidOptionsError) as caught:
        parse_options(options)
    assert [problem.path for problem in caught.value.problems] == [path]
