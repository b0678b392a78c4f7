"""PURE: marked words of completions, and what makes such an answer valid.

Steps annotate, import and export. A span names a stretch of a completion's source text
in characters (Unicode code points), whichever view it was marked in, and says whether
it speaks for or against the completion. Spans may overlap. `bind` ties them to the
texts by their hash.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.questions import Problem, Question
from annotation.words import gettext as _

POLARITIES = ("for", "against")
MAX_SPANS = 200
MAX_NOTE = 2_000
_GIVEN = ("completion", "start", "end", "polarity", "tag", "note")
_ADDED = ("quote", "text_sha256")


def check_spans(
    question: Question, value: Any, n_completions: int, path: str
) -> list[Problem]:
    """Return what is wrong with an answer to a question of the type `spans`."""
    if not isinstance(value, list):
        return [
            Problem(
                path, _("“{title}” needs a list of marks.").format(title=question.title)
            )
        ]
    if len(value) > MAX_SPANS:
        return [
            Problem(
                path,
                _("There are more than {max_spans} marks. Remove some.").format(
                    max_spans=MAX_SPANS
                ),
            )
        ]
    problems: list[Problem] = []
    for index, span in enumerate(value):
        problem = _problem(question, span, n_completions)
        if problem:
            problems.append(
                Problem(
                    f"{path}[{index}]",
                    _("Mark {number}: {problem}").format(
                        number=index + 1, problem=problem
                    ),
                )
            )
    return problems


def _problem(question: Question, span: Any, n_completions: int) -> str:
    if not isinstance(span, Mapping):
        return _("this is no object with completion, start and end.")
    extra = sorted(str(name) for name in set(span).difference(_GIVEN, _ADDED))
    if extra:
        return _("there is no field {extra!r}.").format(extra=extra[0][:60])
    numbers = [span.get(name) for name in ("completion", "start", "end")]
    if not all(type(number) is int for number in numbers):
        return _("completion, start and end must be whole numbers.")
    completion, start, end = span["completion"], span["start"], span["end"]
    if not 0 <= completion < n_completions:
        return _("it names a completion that is not there.")
    if not 0 <= start < end:
        return _("its end must come after its start. Mark at least one character.")
    if span.get("polarity") not in POLARITIES:
        return _("say whether it speaks “for” or “against”.")
    return _words_problem(question, span)


def _words_problem(question: Question, span: Mapping[str, Any]) -> str:
    tag, note = span.get("tag"), span.get("note")
    if tag not in (None, "") and tag not in question.reasons:
        return _("{tag!r} is not a tag of “{title}”.").format(
            tag=str(tag)[:60], title=question.title
        )
    if note is not None and not isinstance(note, str):
        return _("the note must be text.")
    if isinstance(note, str) and len(note) > MAX_NOTE:
        return _("the note exceeds {max_note:,} characters. Shorten it.").format(
            max_note=MAX_NOTE
        )
    if isinstance(note, str) and "\x00" in note:
        return _("the note contains a NUL character. Remove it.")
    return ""


def move_spans(value: Any, order: Sequence[int]) -> Any:
    """Return spans with `completion` i replaced by `order[i]`, in a stable order."""
    if not isinstance(value, list):
        return value
    return [
        {**span, "completion": order[span["completion"]]}
        if isinstance(span, Mapping)
        and type(span.get("completion")) is int
        and 0 <= span["completion"] < len(order)
        else span
        for span in value
    ]


def bind(
    questions: Sequence[Question], answers: Mapping[str, Any], texts: Sequence[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Tie every span to its text by the text's hash, and add the words it marks.

    Parameters
    ----------
    answers
        Validated answers, in the order of `texts`.
    texts
        Source text of each completion.

    Returns
    -------
    tuple of dict and list of Problem
        The answers to store, and the marks that do not fit their text.
    """
    bound, problems = dict(answers), []
    for question in questions:
        if question.type != "spans" or not answers.get(question.name):
            continue
        spans = []
        for index, span in enumerate(answers[question.name]):
            text = texts[span["completion"]]
            made = _bound(span, text)
            fault = _misfit(span, made, len(text))
            if fault:
                where = f"answers.{question.name}[{index}]"
                problems.append(
                    Problem(
                        where,
                        _("Mark {number}: {fault}").format(
                            number=index + 1, fault=fault
                        ),
                    )
                )
            spans.append(made)
        bound[question.name] = spans
    return bound, problems


def _bound(span: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the span as it is stored, without a tag or a note that say nothing."""
    return {
        **{name: span[name] for name in _GIVEN if span.get(name) not in (None, "")},
        "quote": text[span["start"] : span["end"]],
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _misfit(span: Mapping[str, Any], made: Mapping[str, Any], n_chars: int) -> str:
    if span["end"] > n_chars:
        return _(
            "it ends after the text, which has {n_chars:,} characters. "
            "Mark the words again."
        ).format(n_chars=n_chars)
    if any(span.get(name, made[name]) != made[name] for name in _ADDED):
        return _("it belongs to another text. Mark the words again.")
    return ""


def without_notes(value: Any) -> Any:
    """Return marks without the words that their author added."""
    if not isinstance(value, list):
        return value
    return [
        {key: part for key, part in span.items() if key != "note"}
        if isinstance(span, Mapping)
        else span
        for span in value
    ]


def has_spans(questions: Sequence[Question]) -> bool:
    """Tell whether any question asks for marked words."""
    return any(question.type == "spans" for question in questions)
