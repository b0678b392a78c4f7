"""PURE: answers to a ranking question: what is accepted, and what is left to infer.

Called by annotation.answers for people's answers and for imported labels. A place is a
tier, counted from 1; with `n_places` only that many are given, and the rest is `below`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotation.questions import Problem, Question, letter
from annotation.words import gettext as _
from annotation.words import ngettext

FIELDS = ("tiers", "unacceptable", "below", "not_judged")


def asked(question: Question, n_completions: int) -> Question:
    """Return a ranking as it is asked of so many completions; others as they are.

    As many places as completions, or more, are all the places.
    """
    if question.type != "ranking" or question.n_places < n_completions:
        return question
    return replace(question, n_places=0)


def missing(question: Question) -> str:
    """Say what is to be done where a required ranking has no answer at all."""
    if question.allow_partial:
        mend = _("Give at least two a place.")
    elif question.n_places > 1:
        mend = _("Give the best {n_places} a place.").format(n_places=question.n_places)
    elif question.n_places:
        mend = _("Give the best one a place.")
    else:
        mend = _("Give each one a place.")
    return _("No answer has a place yet. {mend}").format(mend=mend)


def check_ranking(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    """Return what must be mended before a ranking can be stored; [] = nothing."""
    if not isinstance(value, Mapping) or not isinstance(value.get("tiers"), list):
        return [
            Problem(
                path, _("“{title}” needs a list of tiers.").format(title=question.title)
            )
        ]
    extra = [str(name) for name in value if name not in FIELDS]
    if extra:
        text = _("“{title}” has no field {extra!r}.").format(
            title=question.title, extra=min(extra)[:60]
        )
        return [Problem(path, text)]
    tiers, sets = value["tiers"], [value.get(name, []) for name in FIELDS[1:]]
    if not all(isinstance(part, list) for part in sets) or not all(
        isinstance(tier, list) and tier for tier in tiers
    ):
        return [Problem(path, _("Each tier must be a list of completions, not empty."))]
    named = [index for part in (*tiers, *sets) for index in part]
    if not all(type(index) is int and 0 <= index < n_completions for index in named):
        return [Problem(path, _("The ranking names a completion that is not there."))]
    problems = _contradictions(named)
    if not problems:
        problems = _unfinished(question, value, n_completions)
    problems += _not_offered(question, value)
    return [Problem(path, message) for message in problems]


def _contradictions(named: Sequence[int]) -> list[str]:
    twice = sorted(index for index, n in Counter(named).items() if n > 1)
    return (
        [_("{letters} has two places. Keep one.").format(letters=_letters(twice))]
        if twice
        else []
    )


def _unfinished(
    question: Question, value: Mapping[str, Any], n_completions: int
) -> list[str]:
    filled = fill(question, value, n_completions)
    tiers, out = filled["tiers"], filled.get("unacceptable", [])
    below, open_ = filled.get("below", []), filled.get("not_judged", [])
    if not question.n_places and not question.allow_partial:
        placed = {index for tier in tiers for index in tier} | set(out)
        missing = [index for index in range(n_completions) if index not in placed]
        return [_without_place(missing)] if missing else []
    if below and len(tiers) < question.n_places:
        n_free = question.n_places - len(tiers)
        return [
            ngettext(
                "There is one place left. Give the best of {letters} a place.",
                "There are {n} places left. Give the best of {letters} a place.",
                n_free,
            ).format(n=n_free, letters=_letters(below))
        ]
    n_said = n_completions - len(open_)
    if question.is_required and n_said < min(2, n_completions) and not out:
        return [_("Give at least two answers a place, so that they are compared.")]
    return []


def _without_place(missing: Sequence[int]) -> str:
    return ngettext(
        "{letters} has no place yet. Give it one, or mark it as not acceptable.",
        "{letters} have no place yet. Give each one, or mark them as not acceptable.",
        len(missing),
    ).format(letters=_letters(missing))


def _not_offered(question: Question, value: Mapping[str, Any]) -> list[str]:
    problems = []
    n_places, n_tiers = question.n_places, len(value["tiers"])
    if not question.allow_tie and any(len(tier) > 1 for tier in value["tiers"]):
        problems.append(_("This ranking does not allow ties."))
    if value.get("unacceptable") and not question.allow_unacceptable:
        problems.append(_("Nothing can be marked as not acceptable here."))
    if n_places and n_tiers > n_places:
        problems.append(
            ngettext(
                "This ranking has {n} place, and {n_tiers} are given.",
                "This ranking has {n} places, and {n_tiers} are given.",
                n_places,
            ).format(n=n_places, n_tiers=n_tiers)
        )
    if value.get("below") and not n_places:
        problems.append(
            _("Nothing stands below the places: every place is given here.")
        )
    if value.get("not_judged") and not question.allow_partial:
        problems.append(_("Every answer must be judged here."))
    return problems


def _letters(indexes: Sequence[int]) -> str:
    return ", ".join(letter(index) for index in indexes)


def fill(
    question: Question, value: Mapping[str, Any], n_completions: int
) -> dict[str, Any]:
    """Say of every completion where it stands, so that a stored answer needs no guess.

    Whoever is not named is `not_judged` where the question allows that, else `below`
    where it has a number of places. Ends without the keys that would be empty, as
    complete rankings have always been stored.
    """
    filled = {name: list(value.get(name) or []) for name in FIELDS}
    named = {index for tier in filled["tiers"] for index in tier}
    named.update(*(filled[name] for name in FIELDS[1:]))
    rest = [index for index in range(n_completions) if index not in named]
    if question.allow_partial:
        filled["not_judged"] += rest
    elif question.n_places:
        filled["below"] += rest
    return {
        name: part
        for name, part in filled.items()
        if part or name in ("tiers", "unacceptable")
    }


def move(value: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
    """Rename the completions of a ranking: `order[i]` is the new name of i."""
    moved: dict[str, Any] = {
        "tiers": [sorted(order[i] for i in tier) for tier in value.get("tiers", [])]
    }
    for name in FIELDS[1:]:
        if value.get(name) or name == "unacceptable":
            moved[name] = sorted(order[i] for i in value.get(name, []))
    return moved


def is_unchanged(value: Any) -> bool:
    """Tell whether a ranking repeats the order of its completions, from the first on.

    `value` is in the presented order: the answer of somebody who changed nothing.
    """
    if not isinstance(value, Mapping) or value.get("unacceptable"):
        return False
    tiers = value.get("tiers")
    return (
        isinstance(tiers, list)
        and len(tiers) > 1
        and tiers == [[index] for index in range(len(tiers))]
    )
