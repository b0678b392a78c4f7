"""PURE: what a consent document asks for, what it lets leave, and its hash.

Steps set-up, consent and export. A scope names the classes of data it `covers`. A
document in which no scope covers anything is undivided: who takes part releases
everything, as all documents did before scopes knew classes. In a divided one a class
leaves only with a scope that covers it; a class that no scope covers never leaves.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.questions import QuestionType
from annotation.spans import without_notes
from annotation.surveys import (
    InvalidSurveyError,
    Sensitivity,
    SurveyQuestion,
    parse_survey,
)
from annotation.words import gettext as _
from annotation.words import gettext_noop

TAKING_PART = "taking_part"
RATINGS, FREE_TEXT = "ratings", "free_text"
DEMOGRAPHICS, SPECIAL = "demographics", "special"
PUBLICATION = "publication"

CLASSES: dict[str, str] = {
    TAKING_PART: gettext_noop("taking part"),
    RATINGS: gettext_noop("answers to items"),
    FREE_TEXT: gettext_noop("words of their own"),
    DEMOGRAPHICS: gettext_noop("answers about the person"),
    SPECIAL: gettext_noop("special categories (health, faith, origin …)"),
}
# What can be held back from a data set; taking part alone lets nothing leave.
RELEASED = (RATINGS, FREE_TEXT, DEMOGRAPHICS, SPECIAL)

Manner = Literal["erase", "anonymise"]
MANNERS: dict[str, str] = {
    "erase": gettext_noop(
        "When you withdraw, what you answered and wrote, your profile and your "
        "drafts are erased. What stays is a number that says that somebody "
        "answered so many items."
    ),
    "anonymise": gettext_noop(
        "When you withdraw, the link between you and your answers is cut for "
        "good, and your profile is erased. The answers stay stored without a "
        "name, and no later data set contains them."
    ),
}
Scopes = Sequence[Mapping[str, Any]]


def covered(scopes: Scopes) -> frozenset[str]:
    """Return the classes of data that any scope covers; none = undivided."""
    return frozenset(name for scope in scopes for name in scope.get("covers") or ())


def required(scopes: Scopes) -> frozenset[str]:
    """Return the names of the scopes without which nobody can take part."""
    return frozenset(str(s["name"]) for s in scopes if s.get("is_required"))


def never_released(scopes: Scopes) -> list[str]:
    """Return in words the classes that no scope of a divided document covers."""
    found = covered(scopes)
    return [CLASSES[name] for name in RELEASED if found and name not in found]


def withheld(scopes: Scopes, granted: Collection[str]) -> frozenset[str]:
    """Return the classes that may not leave, by what a person agreed to."""
    if not covered(scopes):
        return frozenset()
    given = covered([scope for scope in scopes if scope["name"] in granted])
    return frozenset(RELEASED) - given


def is_publishable(scopes: Scopes, granted: Collection[str]) -> bool:
    """Tell whether a person's answers may be published.

    That asks for the scope `publication` where the document has one or is undivided,
    and in a divided document for the release of the answers.
    """
    names = {scope["name"] for scope in scopes}
    if PUBLICATION in names or not covered(scopes):
        return PUBLICATION in granted
    return RATINGS not in withheld(scopes, granted)


def consent_sha256(text: str, scopes: Scopes, on_withdrawal: str) -> str:
    """Return the hash of everything that a person reads and agrees to."""
    whole = {"text": text, "scopes": list(scopes), "on_withdrawal": on_withdrawal}
    canonical = json.dumps(whole, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- free text ----------------------------------------------------------------------

# Whether the answer to a question of each type is a person's own words.
FREE_TEXT_TYPES: dict[QuestionType, bool] = {
    "comparison": False,
    "ranking": False,
    "rating": False,
    "choice": False,
    "rationale": True,
    "text": True,
    "tags": False,
    "confidence": False,
    "spans": False,
}


def without_free_text(
    answers: Mapping[str, Any], types: Mapping[str, QuestionType]
) -> tuple[dict[str, Any], bool]:
    """Return answers without a person's own words, and whether there were any.

    `types`: the type of each question by name. What no question asked for goes too.
    """
    kept = {
        name: value
        for name, value in answers.items()
        if name in types and not FREE_TEXT_TYPES[types[name]]
    }
    had_any = any(answers[name] for name in answers.keys() - kept.keys())
    for name, value in kept.items():
        if types[name] == "spans":
            kept[name] = without_notes(value)
            had_any = had_any or kept[name] != value
    return kept, had_any


SENSITIVITIES: dict[Sensitivity, str] = {
    "demographic": DEMOGRAPHICS,
    "special": SPECIAL,
    "free_text": FREE_TEXT,
}


def classes_of_survey(questions: object) -> dict[str, frozenset[str]]:
    """Return by name of a survey question the classes its answer belongs to.

    A text that is demographic or special is free text too. The own words that belong
    to an option are free text, and whatever the question of the option is. Of a survey
    that cannot be read nothing is known, so that its answers count as everything.
    """
    try:
        asked = parse_survey(questions)
    except InvalidSurveyError:
        return {}
    found = {question.name: _classes(question) for question in asked}
    none: frozenset[str] = frozenset()
    return {
        question.name: found[question.name] | found.get(question.companion_of, none)
        for question in asked
    }


def _classes(question: SurveyQuestion) -> frozenset[str]:
    known = SENSITIVITIES.get(question.sensitivity)
    classes = {known} if known else set()
    if question.type == "text" and (classes or question.companion_of):
        classes.add(FREE_TEXT)
    return frozenset(classes)


# --- what changed -------------------------------------------------------------------


@dataclass(frozen=True)
class ScopeChange:
    """A scope that is new, gone or worded anew; `old` or `new` is then empty."""

    name: str
    old: str
    new: str


def scope_changes(old: Scopes, new: Scopes) -> list[ScopeChange]:
    """Return how the scopes of two documents differ, in the order of the new one."""
    before = {str(scope["name"]): _words(scope) for scope in old}
    after = {str(scope["name"]): _words(scope) for scope in new}
    names = [*after, *(name for name in before if name not in after)]
    return [
        ScopeChange(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _words(scope: Mapping[str, Any]) -> str:
    need = _("needed to take part") if scope.get("is_required") else _("your choice")
    covers = [_(CLASSES[name]) for name in scope.get("covers") or ()]
    about = _("; covers {covers}").format(covers=", ".join(covers)) if covers else ""
    return f"{scope['text']} ({need}{about})"
