"""What a person is told: in their order, hedged or not, and never misleading."""

from typing import Any

import pytest

from annotation.questions import Question, parse_questions
from annotation.suggestion_words import (
    MAX_REASON,
    fitting_reason,
    names_completion,
    sentence,
    sureness,
)


def question(kind: str, **more: Any) -> Question:
    raw = {"name": "preference", "type": kind, "title": "Which?", **more}
    return parse_questions([raw])[0]


THREE = question("comparison", strength=3, allow_both_bad=True)
RATING = question(
    "rating",
    low=1,
    high=5,
    allow_na=True,
    criteria=[
        {"name": "true", "title": "True"},
        {"name": "kind", "title": "Kind"},
    ],
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"value": 1}, "A is slightly better."),
        ({"value": 2}, "A is better."),
        ({"value": -3}, "B is much better."),
        ({"value": 0}, "Both are equally good."),
        ({"value": 0, "both_bad": True}, "Both are bad."),
        ({}, ""),
    ],
)
def test_a_comparison_is_a_sentence(value: dict[str, Any], words: str) -> None:
    assert sentence(THREE, value, is_hedged=False) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"value": 2}, "I am not sure, but I think A is better."),
        ({"value": 0}, "I am not sure, but I think both are equally good."),
        ({"value": 0, "both_bad": True}, "I am not sure, but I think both are bad."),
    ],
)
def test_a_hedge_is_in_the_first_person(value: dict[str, Any], words: str) -> None:
    assert sentence(THREE, value, is_hedged=True) == words


def test_a_ranking_names_its_tiers() -> None:
    value = {"tiers": [[1], [0, 2]], "unacceptable": [3]}
    plain = sentence(question("ranking"), value, is_hedged=False)
    assert plain == "B, then A and C; not acceptable: D."
    hedged = sentence(question("ranking"), value, is_hedged=True)
    assert hedged.startswith("I am not sure, but I would rank them like this: B, then")


def test_a_rating_names_each_mark() -> None:
    value = {"true": [4, "na"], "kind": [None, 2]}
    assert sentence(RATING, value, is_hedged=False) == "True: A 4, B n/a; Kind: B 2."
    assert "not sure" in sentence(RATING, value, is_hedged=True)


def test_other_questions_have_no_sentence() -> None:
    choice = question("choice", options=["yes", "no"])
    assert sentence(choice, {"value": 1}, is_hedged=False) == ""


@pytest.mark.parametrize(
    ("logit", "word"),
    [
        (2.95, "very"),
        (1.39, "quite"),
        (1.38, "rather"),
        (0.62, "rather"),
        (0.1, "hardly"),
    ],
)
def test_sureness_is_a_word(logit: float, word: str) -> None:
    said = sureness({"value": 1}, logit, None, 1.0)
    assert said == f"It says that it is {word} sure."
    # The same side, named from the other place, is as sure.
    assert sureness({"value": -1}, -logit, None, 1.0) == said


def test_sureness_is_calibrated() -> None:
    assert "very" in sureness({"value": 1}, 6.0, None, 1.0)
    assert "rather" in sureness({"value": 1}, 6.0, None, 6.0)
    assert "very" in sureness({"value": -2}, None, 0.96, 1.0)
    assert "hardly" in sureness({"value": 1}, -9000.0, None, 1.0)


@pytest.mark.parametrize(
    ("value", "logit", "probability", "temperature"),
    [
        ({"value": 1}, 2.0, 0.9, None),
        ({"value": 0}, 2.0, 0.9, 1.0),
        ({"value": 1}, None, None, 1.0),
        ({"value": 1}, None, 1.0, 1.0),
        ({"value": 1}, float("inf"), None, 1.0),
    ],
)
def test_nobody_knows_how_sure(
    value: dict[str, int],
    logit: float | None,
    probability: float | None,
    temperature: float | None,
) -> None:
    assert sureness(value, logit, probability, temperature) == ""


@pytest.mark.parametrize(
    "text",
    [
        "A is right.",
        "The better one is (B).",
        "Only B's claim holds.",
        "answer a is shorter",
        "Response 2 invents a date.",
        "The first one is wrong.",
        "the latter is vague",
        "回答B更好",
        "It is longer than 'b'.",
        "The 2nd reply rambles.",
    ],
)
def test_a_reason_with_letters_passes_in_its_own_order_alone(text: str) -> None:
    assert names_completion(text)
    assert fitting_reason(text, [1, 0], [1, 0], "en") == text
    assert fitting_reason(text, [0, 1], [1, 0], "en") == ""
    assert fitting_reason(text, None, [0, 1], "en") == ""
    assert fitting_reason(text, [], [0, 1], "en") == ""


@pytest.mark.parametrize(
    "text",
    ["It keeps to the facts.", "I think both answers invent a date, and then ramble."],
)
def test_a_reason_without_letters_passes_in_any_order(text: str) -> None:
    assert fitting_reason(text, [0, 1], [1, 0], "en") == text
    assert fitting_reason(text, None, [1, 0], "en") == text


@pytest.mark.parametrize("language", ["de", "zh-Hans", "", "enm"])
@pytest.mark.parametrize("text", ["Die erste Antwort ist besser.", "It is short."])
def test_in_other_languages_a_reason_passes_in_its_own_order_alone(
    text: str, language: str
) -> None:
    assert fitting_reason(text, [1, 0], [1, 0], language) == text
    assert fitting_reason(text, [0, 1], [1, 0], language) == ""
    assert fitting_reason(text, None, [1, 0], language) == ""


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us", "English"])
def test_english_goes_by_several_names(language: str) -> None:
    assert fitting_reason("It is short.", None, [1, 0], language) == "It is short."


def test_from_nine_completions_on_i_is_a_letter() -> None:
    order = list(range(9))
    assert fitting_reason("I is best.", order, order, "en") == "I is best."
    assert fitting_reason("I is best.", order[::-1], order, "en") == ""


def test_a_reason_is_bounded_plain_text() -> None:
    long = fitting_reason("word " * 1000, [0, 1], [0, 1], "en")
    assert len(long) <= MAX_REASON
    assert long.endswith("…")
    odd = "It\x00 \u202ekeeps\u2028to\n\n facts\ue000\u200b."
    assert fitting_reason(odd, [0, 1], [0, 1], "en") == "It keeps to facts."
    assert fitting_reason(["no text"], [0, 1], [0, 1], "en") == ""
