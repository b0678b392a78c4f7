"""A reply is the agreed form and nothing else, or it has a status and a reason."""

import json
from math import log

import pytest

from annotation.questions import Question
from models_service.backends.base import Failure, TokenProbability
from models_service.letters import letter_logit, vote_logit
from models_service.verdicts import OrderVerdict, read, vote
from tests.models.cases import (
    BACKWARD,
    FORWARD,
    MARKS,
    ORDER,
    PREFERENCE,
    case,
    pairwise,
    reply,
    said,
    tokens_of,
)


def of_text(text: str, order: tuple[int, ...] = FORWARD) -> OrderVerdict:
    return read("pairwise", case(), order, reply(text))


@pytest.mark.parametrize(
    ("verdict", "strength", "order", "value"),
    [
        ("A", 2, FORWARD, {"value": 2}),
        ("A", 2, BACKWARD, {"value": -2}),
        ("B", 3, FORWARD, {"value": -3}),
        ("B", 3, BACKWARD, {"value": 3}),
        ("tie", 0, BACKWARD, {"value": 0}),
        ("both_bad", 0, FORWARD, {"value": 0, "both_bad": True}),
    ],
)
def test_letters_of_places_become_canonical(
    verdict: str, strength: int, order: tuple[int, ...], value: dict[str, object]
) -> None:
    found = of_text(said(verdict, strength), order)
    assert (found.status, found.answers) == ("ok", {"preference": value})
    assert found.rationale == "Because."


@pytest.mark.parametrize(
    "text",
    [
        f"  \n{said()}\n",
        f"```json\n{said()}\n```",
        f"```\n{said()}```",
        f"\n```json\r\n{said()}\r\n```\n",
    ],
)
def test_space_and_one_code_fence_are_allowed(text: str) -> None:
    assert of_text(text).status == "ok"


MALFORMED = [
    "",
    "A",
    "A is better.",
    f"Here it is: {said()}",
    f"{said()} I hope this helps.",
    f"{said()}{said('B')}",
    f"```json\n{said()}\n```\n```json\n{said('B')}\n```",
    f"[{said()}]",
    "null",
    said()[:-1],
    said("a"),
    said("C"),
    said("Tie", 0),
    said("A or B"),
    said(strength=0),
    said(strength=4),
    said(strength=-1),
    said("tie", 1),
    '{"verdict": "A", "strength": "1", "reason": ""}',
    '{"verdict": "A", "strength": "8/10", "reason": ""}',
    '{"verdict": "A", "strength": 1.0, "reason": ""}',
    '{"verdict": "A", "strength": true, "reason": ""}',
    '{"verdict": "A", "strength": NaN, "reason": ""}',
    '{"verdict": "A", "strength": 1}',
    '{"verdict": "A", "strength": 1, "reason": null}',
    '{"verdict": ["A"], "strength": 1, "reason": ""}',
    '{"verdict": "A", "strength": 1, "reason": "", "confidence": 1}',
    '{"verdict": "A", "verdict": "B", "strength": 1, "reason": ""}',
    "[" * 100_000,
    '{"verdict": "A", "strength": ' + "9" * 10_000 + ', "reason": ""}',
]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_anything_else_is_unparsable_and_never_a_tie(text: str) -> None:
    found = of_text(text)
    assert found.status == "unparsable"
    assert found.answers == {} and found.value is None and found.logit is None
    assert found.reason.endswith(".")


def test_tie_is_unparsable_where_it_was_not_offered() -> None:
    forced = Question("preference", "comparison", "Which?", allow_tie=False)
    assert pairwise(FORWARD, "tie", 0, question=forced).status == "unparsable"
    assert pairwise(FORWARD, "both_bad", 0, question=forced).status == "unparsable"


@pytest.mark.parametrize(
    "text", ["I'm sorry, but I can't.", "I cannot judge this.", "As an AI, I decline."]
)
def test_refusal_in_words_is_refused(text: str) -> None:
    found = of_text(text)
    assert found.status == "refused" and text in found.reason


REFUSALS = [
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Leider kann ich das nicht beurteilen.",
    "Ich kann diese Anfrage leider nicht beantworten.",
    "Als KI möchte ich dazu nichts sagen.",
    "Je suis désolée, mais je ne peux pas répondre.",
    "Je ne peux pas évaluer ces réponses.",
    "Lo siento, no puedo ayudar con eso.",
    "No puedo evaluar este contenido.",
    "很抱歉我无法回答这个问题。",
    "我無法協助這個請求。",
    "作为一个人工智能我不能这样做。",
    "申し訳ありませんが、お答えできません。",
    "そのご質問にはお答えできません。",
]
NO_REFUSALS = [
    "Ich kann beide Antworten vergleichen: A.",
    "Die Antwort A tut mir leid.",
    "Je ne trouve pas d'erreur : A.",
    "No hay diferencia.",
    "我认为A更好。",
    "回答Aの方が良いです。",
    "A is sorry.",
    "I prefer A.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusal_in_other_languages_is_refused(text: str) -> None:
    assert of_text(text).status == "refused"


@pytest.mark.parametrize("text", NO_REFUSALS)
def test_words_without_a_verdict_are_no_refusal(text: str) -> None:
    assert of_text(text).status == "unparsable"


@pytest.mark.parametrize("reason", [*REFUSALS, "I cannot find an error in A."])
def test_verdict_whose_reason_begins_like_a_refusal_is_a_verdict(reason: str) -> None:
    assert of_text(said(reason=reason)).status == "ok"


def test_withheld_reply_is_refused() -> None:
    found = read("pairwise", case(), FORWARD, reply("", (), "content_filter"))
    assert found.status == "refused"


def test_cut_reply_says_so() -> None:
    found = read("pairwise", case(), FORWARD, reply(said()[:20], (), "length"))
    assert found.status == "unparsable" and "cut off" in found.reason


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_failure_keeps_its_status_and_message(status: str) -> None:
    failure = Failure("key", status, "http_500", "The server broke.")  # type: ignore[arg-type] # parametrised
    found = read("pairwise", case(), FORWARD, failure)
    assert (found.status, found.reason) == (status, "The server broke.")


# --- criteria, ranking, tags ---


def marks(**fields: object) -> str:
    return json.dumps(
        {
            "critiques": {"A": "Wrong year.", "B": "Right."},
            "marks": {"truth": {"A": 1, "B": 4}, "tone": {"A": "na", "B": 2}},
            "reason": "The year.",
            **fields,
        }
    )


def test_marks_and_critiques_become_canonical() -> None:
    found = read("criteria", case(question=MARKS), BACKWARD, reply(marks()))
    assert found.answers == {"marks": {"truth": [4, 1], "tone": [2, "na"]}}
    assert found.critiques == ("Right.", "Wrong year.")
    assert found.logit is None


@pytest.mark.parametrize(
    "rows",
    [
        {"truth": {"A": 1, "B": 4}},
        {"truth": {"A": 1, "B": 5}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1, "B": "4/10"}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1, "B": 0.5}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1, "B": None}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1, "B": 4, "C": 1}, "tone": {"A": 0, "B": 2}},
        {"truth": {"A": 1, "B": 4}, "tone": {"A": 0, "B": 2}, "wit": {"A": 1, "B": 1}},
        {"truth": [1, 4], "tone": [0, 2]},
    ],
)
def test_marks_off_the_scale_or_missing_are_unparsable(rows: object) -> None:
    found = read("criteria", case(question=MARKS), FORWARD, reply(marks(marks=rows)))
    assert found.status == "unparsable" and found.answers == {}


def ranked(ranking: object, unacceptable: object = ()) -> str:
    return json.dumps(
        {
            "ranking": ranking,
            "unacceptable": list(unacceptable) if unacceptable == () else unacceptable,
            "reason": "",
        }
    )


def test_ranking_becomes_canonical() -> None:
    asked = case("0", "1", "2", "3", question=ORDER)
    text = ranked([["C"], ["A", "D"]], ["B"])
    found = read("ranking", asked, (3, 2, 1, 0), reply(text))
    assert found.answers == {"order": {"tiers": [[1], [0, 3]], "unacceptable": [2]}}


def test_ranking_keeps_only_the_places_that_the_question_gives() -> None:
    best_two = Question("order", "ranking", "Best two?", n_places=2)
    asked = case("0", "1", "2", question=best_two)
    found = read("ranking", asked, (0, 1, 2), reply(ranked([["B"], ["A"], ["C"]])))
    assert found.value == {"tiers": [[1], [0]], "unacceptable": [], "below": [2]}


@pytest.mark.parametrize(
    "text",
    [
        ranked([["A"]]),
        ranked([["A"], ["A", "B"]]),
        ranked([["A"], ["B"]], ["B"]),
        ranked([["A"], [], ["B"]]),
        ranked(["A", "B"]),
        ranked([["A"], ["B"], ["C"]]),
        ranked([[0], [1]]),
        ranked("A > B"),
        ranked([["A"], ["B"]], None),
    ],
)
def test_ranking_that_does_not_name_each_once_is_unparsable(text: str) -> None:
    found = read("ranking", case(question=ORDER), FORWARD, reply(text))
    assert found.status == "unparsable"


TAGS = {
    "subjects": ["arts", "history"],
    "expertise": "basic",
    "complexity": "simple",
    "safety": "safe",
    "open_endedness": "moderate",
    "languages": ["English"],
    "material": ["table"],
    "format": [],
    "reason": "",
}


def test_tags_are_read_without_a_question() -> None:
    found = read("tagging", case(), FORWARD, reply(json.dumps(TAGS)))
    assert found.status == "ok" and found.answers == {}
    assert found.tags == {k: v for k, v in TAGS.items() if k != "reason"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjects": []},
        {"subjects": ["arts", "arts"]},
        {"subjects": ["arts", "history", "law", "media"]},
        {"subjects": ["astrology"]},
        {"safety": "SAFE"},
        {"format": "list"},
        {"language": "en"},
        {"languages": []},
        {"languages": ["en"]},
        {"languages": ["English", "French", "German", "Greek"]},
        {"material": ["stone"]},
    ],
)
def test_tags_outside_the_vocabulary_are_unparsable(wrong: dict[str, object]) -> None:
    found = read("tagging", case(), FORWARD, reply(json.dumps({**TAGS, **wrong})))
    assert found.status == "unparsable" and found.tags == {}


# --- probabilities of the letter ---


def at_letter(
    before: str, chosen: str, top: dict[str, float]
) -> tuple[TokenProbability, ...]:
    """Return tokens whose value begins in `chosen`; `top` are probabilities."""
    listed = tuple((text, log(p)) for text, p in top.items())
    return (
        TokenProbability('{"ver', 0.0, (('{"ver', 0.0),)),
        TokenProbability(before, 0.0, ((before, 0.0),)),
        TokenProbability(chosen, log(top[chosen]), listed),
        TokenProbability(', "strength": 1}', 0.0, ()),
    )


@pytest.mark.parametrize(
    ("before", "chosen", "top"),
    [
        ('dict": "', "A", {"A": 0.6, "B": 0.2}),
        ('dict": "', 'A"', {'A"': 0.6, 'B"': 0.15, "B": 0.05}),
        ('dict":', ' "A', {' "A': 0.5, '"A': 0.1, ' "B': 0.2}),
        ('dict":', ' "A",', {' "A",': 0.6, ' "B",': 0.2}),
        ("di", 'ct":"A', {'ct":"A': 0.6, 'ct":"B': 0.2}),
        ('dict": "', "A", {"A": 0.3, " A": 0.2, '"A': 0.1, "B": 0.2, "Answer": 0.1}),
        ('dict": "', "B", {"B": 0.2, "A": 0.6, "both": 0.1, "a": 0.05}),
        ('dict": "', "tie", {"tie": 0.1, "A": 0.6, "\u2581B": 0.2}),
    ],
)
def test_variants_of_a_letter_are_summed(
    before: str, chosen: str, top: dict[str, float]
) -> None:
    found = letter_logit(at_letter(before, chosen, top))
    assert found == pytest.approx(log(3), abs=1e-12)


def test_chosen_letter_counts_when_it_is_not_among_the_likeliest() -> None:
    tokens = list(at_letter('dict": "', "A", {"A": 0.6}))
    tokens[2] = TokenProbability("A", log(0.6), (("B", log(0.2)),))
    assert letter_logit(tokens) == pytest.approx(log(3), abs=1e-12)


def test_letter_not_listed_has_no_more_than_the_least_and_the_rest() -> None:
    found = letter_logit(at_letter('dict": "', "A", {"A": 0.9, "tie": 0.08}))
    assert found == pytest.approx(log(0.9 / 0.02))
    found = letter_logit(at_letter('dict": "', "A", {"A": 0.6, "tie": 0.01}))
    assert found == pytest.approx(log(0.6 / 0.01))


def test_a_certain_letter_has_a_finite_logit() -> None:
    found = letter_logit(at_letter('dict": "', "A", {"A": 1.0}))
    assert found is not None and 20 < found < 30


def test_no_logit_without_alternatives_or_letters() -> None:
    assert letter_logit(()) is None
    assert letter_logit(at_letter('dict": "', "tie", {"tie": 0.99})) is None
    bare = [TokenProbability(one.text, 0.0) for one in tokens_of(1.0)]
    assert letter_logit(bare) is None
    other = at_letter('dict_2": "', "A", {"A": 0.9, "B": 0.1})
    assert letter_logit(other) is None


def test_a_verdict_quoted_in_the_reason_is_not_read() -> None:
    text = '{"reason": "It says \\"verdict\\": \\"B\\".", "verdict": "'
    top = (("A", log(0.75)), ("B", log(0.25)))
    tokens = [
        *(TokenProbability(sign, 0.0, ((sign, 0.0),)) for sign in text),
        TokenProbability("A", log(0.75), top),
    ]
    assert letter_logit(tokens) == pytest.approx(log(3))


def test_logit_of_a_reply_is_towards_the_place_shown_first() -> None:
    found = pairwise(BACKWARD, "A", logit=1.5)
    assert found.value == {"value": -1}
    assert found.logit == pytest.approx(1.5, abs=1e-12)
    assert found.logit_from == "tokens"


# --- votes ---


def test_votes_give_finite_log_odds() -> None:
    assert vote_logit(1, 0) == pytest.approx(log(3))
    assert vote_logit(0, 1) == pytest.approx(-log(3))
    assert vote_logit(0, 0, 1) == 0
    assert vote_logit(5, 0) == pytest.approx(log(11))
    assert vote_logit(2, 1, 1) == pytest.approx(log(3 / 2))


def test_reply_without_tokens_is_one_vote() -> None:
    found = pairwise(BACKWARD, "B")
    assert found.logit == pytest.approx(-log(3))
    assert found.logit_from == "votes"


def test_samples_vote_towards_the_place_shown() -> None:
    replies = [pairwise(BACKWARD, "A", strength) for strength in (3, 1, 2)]
    found = vote([*replies, pairwise(BACKWARD, "B", 3)])
    assert found.value == {"value": -2}
    assert found.logit == pytest.approx(log(3.5 / 1.5))


def test_equal_votes_are_a_tie_and_two_bad_ones_of_three_are_both_bad() -> None:
    tied = vote([pairwise(FORWARD, "A"), pairwise(FORWARD, "B")])
    assert (tied.status, tied.value, tied.logit) == ("ok", {"value": 0}, 0)
    bad = [pairwise(FORWARD, "both_bad", 0)] * 2
    both_bad = vote([*bad, pairwise(FORWARD, "tie", 0)])
    assert both_bad.value == {"value": 0, "both_bad": True}


def test_samples_with_probabilities_average_them() -> None:
    found = vote([pairwise(FORWARD, "A", logit=one) for one in (1.0, 2.0)])
    assert found.logit == pytest.approx(1.5, abs=1e-12)


def test_unread_samples_do_not_vote_and_half_of_them_decide_the_status() -> None:
    good, bad = pairwise(FORWARD, "A"), of_text("I cannot judge this.")
    assert vote([good, good, bad]).logit == pytest.approx(log(5))
    assert vote([good, bad]).status == "refused"


def test_votes_of_two_orders_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="one order"):
        vote([pairwise(FORWARD), pairwise(BACKWARD)])


def test_question_shown_after_another_is_judged_all_the_same() -> None:
    from annotation.questions import Condition

    late = Question("why", "comparison", "Which?", show_if=Condition("preference"))
    assert pairwise(FORWARD, question=late).answers == {"why": {"value": 1}}
    assert PREFERENCE.name == "preference"
