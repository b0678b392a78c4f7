"""PURE: a form as a file: written for other projects, and read with every fault named.

Step set-up. Called by views.settings_questions and the REST interface.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from annotation.questions import (
    Criterion,
    InvalidQuestionsError,
    Problem,
    Question,
    parse_questions,
)
from annotation.words import gettext as _

KIND = "polyphony-questions"
SCHEMA = 1
_KNOWN = frozenset(field.name for field in fields(Question))
_KNOWN_CRITERION = frozenset(field.name for field in fields(Criterion))


def form_object(
    questions: Sequence[Mapping[str, Any]], *, title: str = ""
) -> dict[str, Any]:
    """Return a form as the object that its file holds; `title` says whose it is."""
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "title": title,
        "questions": [dict(question) for question in questions],
    }


def dump_form(questions: Sequence[Mapping[str, Any]], *, title: str = "") -> str:
    """Return the text of a form file."""
    return (
        json.dumps(form_object(questions, title=title), ensure_ascii=False, indent=2)
        + "\n"
    )


def load_form(text: str) -> list[dict[str, Any]]:
    """Return the questions of a form file, or of a bare list of questions.

    Raises InvalidQuestionsError with every fault, each at its path.
    """
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        where = (
            _("line {line}, column {column}: {fault}").format(
                line=error.lineno, column=error.colno, fault=error.msg
            )
            if isinstance(error, json.JSONDecodeError)
            else _("it cannot be read")
        )
        raise _invalid(
            "file", _("The file is not JSON ({where}).").format(where=where)
        ) from error
    return read_form(found)


def read_form(found: object) -> list[dict[str, Any]]:
    """Return the questions of a form object, or of a bare list of questions.

    Raises InvalidQuestionsError with every fault, each at its path.
    """
    if isinstance(found, Mapping):
        _check_head(found)
        found = found["questions"]
    if not isinstance(found, list):
        text = _('A form is a list of questions, or an object with "questions".')
        raise _invalid("questions", text)
    problems = _strange(found)
    try:
        parse_questions(found)
    except InvalidQuestionsError as error:
        problems = [*error.problems, *problems]
    if problems:
        raise InvalidQuestionsError(problems)
    return [dict(question) for question in found]


def _check_head(found: Mapping[str, Any]) -> None:
    schema = found.get("schema", SCHEMA)
    if found.get("kind", KIND) != KIND:
        text = _("The kind {kind!r} is no form. It must be {known!r}.").format(
            kind=str(found["kind"])[:60], known=KIND
        )
        raise _invalid("kind", text)
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        text = _("The schema {schema} is not known here; {known} is.").format(
            schema=str(schema)[:20], known=SCHEMA
        )
        raise _invalid("schema", text)
    if "questions" not in found:
        raise _invalid("questions", _('The file has no "questions".'))


def _strange(questions: Sequence[Any]) -> list[Problem]:
    """Name the properties that nothing reads: most are slips of the pen."""
    problems = []
    for place, question in enumerate(questions):
        if not isinstance(question, Mapping):
            continue
        path = f"questions[{place}]"
        problems += _unread(question, _KNOWN, path)
        criteria = question.get("criteria")
        for row, criterion in enumerate(criteria if isinstance(criteria, list) else []):
            if isinstance(criterion, Mapping):
                where = f"{path}.criteria[{row}]"
                problems += _unread(criterion, _KNOWN_CRITERION, where)
    return problems


def _unread(
    found: Mapping[str, Any], known: frozenset[str], path: str
) -> list[Problem]:
    return [
        Problem(
            f"{path}.{str(name)[:60]}",
            _("There is no property {name!r}. Mend its name, or leave it out.").format(
                name=str(name)[:60]
            ),
        )
        for name in found
        if name not in known
    ]


def _invalid(path: str, message: str) -> InvalidQuestionsError:
    return InvalidQuestionsError([Problem(path, message)])
