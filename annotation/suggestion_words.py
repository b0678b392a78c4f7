"""PURE: what a person is told that a machine annotator said of an item.

Step annotate. services.suggestions calls it with answers in the presented order, and
stores what comes of it as it was shown. The sentence is made here; only the reason is
the machine's own text, which is bounded, plain, and left out where its letters may
belong to another order.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from math import exp, isfinite, log
from typing import Any

from annotation.answers import NOT_APPLICABLE
from annotation.questions import Question, letter
from annotation.verdicts import GRADES
from annotation.words import gettext as _
from annotation.words import gettext_noop, join_and

# The types of main questions of which a machine's answer can be told.
TOLD = ("comparison", "ranking", "rating")
MAX_REASON = 600
# How files call the one language whose words for a completion are known.
ENGLISH = ("en", "eng", "english")
# How sure the machine is, by its calibrated probability: at least so much.
SURENESS = (
    (0.95, gettext_noop("It says that it is very sure.")),
    (0.8, gettext_noop("It says that it is quite sure.")),
    (0.65, gettext_noop("It says that it is rather sure.")),
    (0.0, gettext_noop("It says that it is hardly sure.")),
)
# A capital that stands alone may name a completion, but "I" is a word. That the article
# "A" at the start of a sentence is taken for a name too costs a reason, no more.
_ALONE = re.compile(r"(?<![A-Za-z0-9])[A-HJ-Z](?![A-Za-z0-9])")
_PLACES = re.compile(
    r"\b(?:answer|response|completion|output|text|option|candidate|assistant|model"
    r"|reply|passage|version|number|no\.)s?\W{1,3}(?:[a-z]|\d+|one|two|three|four)\b"
    r"|\b(?:first|second|third|fourth|fifth|sixth|last|former|latter|left|right|above"
    r"|below|upper|lower|top|bottom|previous|preceding|following|earlier|later"
    r"|\d+(?:st|nd|rd|th))\b"
    r"|(?:^|\W)[a-h][)\]\"'*](?:\W|$)|#\s*\d",
    re.IGNORECASE,
)


def sentence(question: Question, value: Mapping[str, Any], *, is_hedged: bool) -> str:
    """Say a machine's answer in one sentence; `value` counts the presented order.

    Returns an empty string where there is nothing to say: another type of question, or
    an answer that names no completion.

    References
    ----------
    Kim et al. (2024), "I'm Not Sure, But ...": hedges in the first person lower
    over-reliance on wrong answers; general ones do so less.
    """
    if question.type == "comparison":
        return _comparison(question, value, is_hedged)
    if question.type == "ranking":
        order = _ranking(value)
        hedged = _("I am not sure, but I would rank them like this: {words}.")
        return _put(hedged if is_hedged else "{words}.", order)
    if question.type == "rating":
        marks = _rating(question, value)
        hedged = _("I am not sure, but I would give these marks: {words}.")
        return _put(hedged if is_hedged else "{words}.", marks)
    return ""


def _put(pattern: str, words: str) -> str:
    return pattern.format(words=words) if words else ""


def _comparison(question: Question, value: Mapping[str, Any], is_hedged: bool) -> str:
    grade = value.get("value")
    if value.get("both_bad"):
        if is_hedged:
            return _("I am not sure, but I think both are bad.")
        return _("Both are bad.")
    if type(grade) is not int:
        return ""
    if grade == 0:
        if is_hedged:
            return _("I am not sure, but I think both are equally good.")
        return _("Both are equally good.")
    grades = GRADES[question.strength]
    pattern = _("{letter} is {words}.")
    if is_hedged:
        pattern = _("I am not sure, but I think {letter} is {words}.")
    return pattern.format(
        letter="A" if grade > 0 else "B",
        words=_(grades[min(abs(grade), len(grades)) - 1]),
    )


def _ranking(value: Mapping[str, Any]) -> str:
    tiers = [join_and([letter(i) for i in tier]) for tier in value.get("tiers") or []]
    then = _(", then ")
    words = [then.join(tiers)] if tiers else []
    for name, said in (
        ("below", _("below")),
        ("unacceptable", _("not acceptable")),
        ("not_judged", _("not judged")),
    ):
        if value.get(name):
            words.append(f"{said}: {join_and([letter(i) for i in value[name]])}")
    text = "; ".join(words)
    return text[:1].upper() + text[1:]


def _rating(question: Question, value: Mapping[str, Any]) -> str:
    missing, rows = _("n/a"), []
    for criterion in question.criteria:
        marks = value.get(criterion.name) or []
        told = [
            f"{letter(place)} {missing if mark == NOT_APPLICABLE else mark}"
            for place, mark in enumerate(marks)
            if mark is not None
        ]
        if told:
            rows.append(f"{criterion.title}: {', '.join(told)}")
    return "; ".join(rows)


def sureness(
    value: Mapping[str, Any],
    logit: float | None,
    probability: float | None,
    temperature: float | None,
) -> str:
    """Say in words how sure a machine is of the side it names; "" where nobody knows.

    Parameters
    ----------
    value : mapping
        The canonical answer to a comparison; > 0 names completion 0.
    logit : float or None
        Log-odds of completion 0 over completion 1, before calibration, in nats.
    probability : float or None
        P(the answer given) in (0, 1), used where there is no logit.
    temperature : float or None
        Of the machine's calibration; None: it has none, and nothing is said.

    Returns
    -------
    str
        With p = sigmoid(log-odds of the side named / temperature): "very sure" from
        0.95, "quite sure" from 0.8, "rather sure" from 0.65, "hardly sure" below.
        Never a number; nothing of a tie, which names no side.
    """
    grade = value.get("value")
    if temperature is None or type(grade) is not int or grade == 0:
        return ""
    if logit is not None:
        odds = logit if grade > 0 else -logit
    elif probability is not None and 0 < probability < 1:
        odds = log(probability / (1 - probability))
    else:
        return ""
    scaled = odds / temperature
    if not isfinite(scaled):
        return ""
    # exp() of a large number would overflow; beyond this nothing changes.
    p = 1 / (1 + exp(-max(-700.0, min(700.0, scaled))))
    return _(next(words for least, words in SURENESS if p >= least))


def fitting_reason(
    text: object, given: Sequence[int] | None, shown: Sequence[int], language: str
) -> str:
    """Return a machine's reason as plain text, or "" where it might mislead.

    Its letters are right where it was `given` for the order that is `shown` (canonical
    indexes by place); for another order, or where nobody knows, only a text that names
    no completion passes, and only of an item whose `language` (a BCP 47 tag, or "") is
    English, since how other languages name one is not known. Nothing is rewritten.
    """
    if not isinstance(text, str):
        return ""
    plain = _plain(text)
    if not plain:
        return ""
    # From nine completions on, "I" is a letter too.
    is_english = language.lower().replace("_", "-").split("-")[0] in ENGLISH
    is_unclear = not is_english or names_completion(plain) or len(shown) > 8
    if list(given or ()) != list(shown) and is_unclear:
        return ""
    if len(plain) > MAX_REASON:
        return plain[: MAX_REASON - 1].rstrip() + "…"
    return plain


def names_completion(text: str) -> bool:
    """Tell whether a text may name a completion, by its letter, number or place.

    Errs on the side of yes: a reason that is left out does no harm. Words for places
    are known in English alone.
    """
    return bool(_ALONE.search(text) or _PLACES.search(text))


def _plain(text: str) -> str:
    """Return a text without what steers a screen, its white space made single."""
    kept = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign
        for sign in text
        if unicodedata.category(sign) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(kept.split())
