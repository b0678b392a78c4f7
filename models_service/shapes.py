"""PURE: the agreed form of each kind of reply, checked field by field.

Reads a JSON object into an answer in the presented order; used by verdicts alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.questions import Question, letter
from annotation.words import gettext as _
from models_service.backends.chat_wire import clean
from models_service.json_object import MalformedError
from models_service.prompts import tagging
from models_service.prompts.base import Kind
from models_service.prompts.pairwise import verdict_words

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What a reply says of the places shown."""

    reason: str
    value: Any = None
    critiques: tuple[str, ...] = ()
    tags: Json = field(default_factory=dict)


def read_said(kind: Kind, question: Question | None, n: int, found: Json) -> Said:
    """Return what an object in the agreed form says of n places.

    Raises
    ------
    MalformedError
        If a field is missing, unknown, or holds anything else than was agreed.
    ValueError
        If the kind answers a question and there is none.
    """
    if kind == "tagging":
        return _tags(found)
    if question is None:
        raise ValueError(f"{kind!r} needs a question to answer.")
    return _READERS[kind](question, n, found)


def _fields(found: Any, names: Sequence[str], where: str) -> Json:
    if not isinstance(found, Mapping):
        raise MalformedError(_("“{where}” is not an object.").format(where=where))
    for name in names:
        if name not in found:
            text = _("“{where}” lacks the field {name!r}.")
            raise MalformedError(text.format(where=where, name=name))
    extra = [name for name in found if name not in names]
    if extra:
        text = _("“{where}” has the field {name!r}, which was not asked for.")
        raise MalformedError(text.format(where=where, name=extra[0][:60]))
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise MalformedError(_("“{where}” is not a text.").format(where=where))
    # An escape inside the JSON may stand for what no database stores.
    return clean(value).strip()


def _one_of(value: Any, offered: Sequence[str], where: str) -> str:
    if not isinstance(value, str) or value not in offered:
        text = _("“{where}” says {value!r}, which was not offered.")
        raise MalformedError(text.format(where=where, value=str(value)[:60]))
    return value


def _several_of(value: Any, offered: Sequence[str], where: str) -> list[str]:
    if not isinstance(value, list):
        raise MalformedError(_("“{where}” is not a list.").format(where=where))
    said = [_one_of(one, offered, where) for one in value]
    if len(set(said)) < len(said):
        text = _("“{where}” names the same thing twice.").format(where=where)
        raise MalformedError(text)
    return said


def _letters(n: int) -> list[str]:
    return [letter(place) for place in range(n)]


def _pairwise(question: Question, n: int, found: Json) -> Said:
    _fields(found, ("verdict", "strength", "reason"), _("the reply"))
    word = _one_of(found["verdict"], verdict_words(question), "verdict")
    strength = found["strength"]
    is_side = word in ("A", "B")
    low, high = (1, question.strength) if is_side else (0, 0)
    if type(strength) is not int or not low <= strength <= high:
        text = _("The strength of {word!r} is {value!r}; it must be {low} to {high}.")
        said = repr(strength)[:60]
        raise MalformedError(text.format(word=word, value=said, low=low, high=high))
    value: dict[str, Any] = {"value": -strength if word == "B" else strength}
    if word == "both_bad":
        value["both_bad"] = True
    return Said(_text(found["reason"], "reason"), value)


def _criteria(question: Question, n: int, found: Json) -> Said:
    _fields(found, ("critiques", "marks", "reason"), _("the reply"))
    letters = _letters(n)
    critiques = _fields(found["critiques"], letters, "critiques")
    names = [criterion.name for criterion in question.criteria]
    rows = _fields(found["marks"], names, "marks")
    marks = {
        name: [_fields(rows[name], letters, name)[at] for at in letters]
        for name in names
    }
    # Whether the marks lie on the scale is checked as people's marks are.
    return Said(
        reason=_text(found["reason"], "reason"),
        value=marks,
        critiques=tuple(_text(critiques[at], "critiques") for at in letters),
    )


def _ranking(question: Question, n: int, found: Json) -> Said:
    out = ["unacceptable"] if question.allow_unacceptable else []
    _fields(found, ("ranking", *out, "reason"), _("the reply"))
    letters = _letters(n)
    tiers = found["ranking"]
    if not isinstance(tiers, list) or not all(tiers):
        raise MalformedError(_("“ranking” is not a list of lists with letters."))
    named = [_several_of(tier, letters, "ranking") for tier in tiers]
    bad = _several_of(found["unacceptable"], letters, "unacceptable") if out else []
    places = [[letters.index(one) for one in tier] for tier in named]
    unacceptable = sorted(letters.index(one) for one in bad)
    said = {at for tier in places for at in tier} | set(unacceptable)
    missing = [letters[at] for at in range(n) if at not in said]
    if missing:
        text = _("The ranking does not name {letters}.")
        raise MalformedError(text.format(letters=", ".join(missing)))
    return Said(
        reason=_text(found["reason"], "reason"),
        value=_kept_places(question, places, unacceptable),
    )


def _kept_places(
    question: Question, places: list[list[int]], unacceptable: list[int]
) -> dict[str, Any]:
    """Keep the places that the question gives; a judge always names all."""
    n = sum(map(len, places)) + len(unacceptable)
    most = question.n_places if 0 < question.n_places < n else len(places)
    value: dict[str, Any] = {"tiers": places[:most], "unacceptable": unacceptable}
    rest = sorted(at for tier in places[most:] for at in tier)
    return {**value, "below": rest} if rest else value


def _tags(found: Json) -> Said:
    lists = ("languages", "material", "format")
    names = ("subjects", *tagging.ONE, *lists, "reason")
    _fields(found, names, _("the reply"))
    subjects = _several_of(found["subjects"], tagging.SUBJECTS, "subjects")
    if not 1 <= len(subjects) <= tagging.MOST_SUBJECTS:
        text = _("There must be 1 to {most} subjects, and {n} are given.")
        raise MalformedError(text.format(most=tagging.MOST_SUBJECTS, n=len(subjects)))
    languages = _several_of(found["languages"], tagging.LANGUAGES, "languages")
    if not 1 <= len(languages) <= tagging.MOST_LANGUAGES:
        text = _("There must be 1 to {most} languages, and {n} are given.")
        raise MalformedError(text.format(most=tagging.MOST_LANGUAGES, n=len(languages)))
    ones = {
        tag: _one_of(found[tag], tuple(values), tag)
        for tag, values in tagging.ONE.items()
    }
    tags = {
        "subjects": subjects,
        **ones,
        "languages": languages,
        "material": _several_of(found["material"], tagging.MATERIALS, "material"),
        "format": _several_of(found["format"], tagging.FORMATS, "format"),
    }
    return Said(_text(found["reason"], "reason"), tags=tags)


_READERS: Mapping[Kind, Callable[[Question, int, Json], Said]] = {
    "pairwise": _pairwise,
    "criteria": _criteria,
    "ranking": _ranking,
}
