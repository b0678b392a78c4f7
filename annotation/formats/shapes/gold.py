"""PURE: a known answer in columns: a verdict or JSON, what it is for, and why."""

import json
from collections.abc import Mapping
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import Row, RowFault
from annotation.gold import use_problem
from annotation.words import gettext as _

DEFAULT_USE = "monitoring"


def read_gold_columns(row: Row, mapping: ColumnMapping) -> dict[str, Any] | None:
    """Return the known answer of a row, None where it has none.

    The column `gold` holds a verdict (A, B, tie, both bad, 1, 2 ...) on the main
    comparison, or JSON as in Polyphony's own rows. Without a use it is silent gold.
    """
    column = mapping.column("gold")
    value = row.get(column) if column else None
    if value is None or value == "":
        return None
    answers = _answers(value, column)
    use = str(_cell(row, mapping, "gold_use") or DEFAULT_USE).strip().lower()
    explanation = str(_cell(row, mapping, "gold_explanation") or "").strip()
    if fault := use_problem({"use": use}):
        raise RowFault(mapping.column("gold_use"), fault, _("Name one of these uses."))
    if isinstance(answers.get("answers"), Mapping):
        return {"use": use, "explanation": explanation, **answers}
    return {"use": use, "answers": answers, "explanation": explanation}


def _answers(value: Any, column: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return dict(json.loads(value))
        except ValueError as error:
            text = _("The known answer is not JSON: {error}.").format(error=error)
            raise RowFault(column, text, _("Mend it, or write A, B or tie.")) from error
    return {"preference": asked.verdict(value, {}, column)}


def _cell(row: Row, mapping: ColumnMapping, role: str) -> Any:
    column = mapping.column(role)
    return row.get(column) if column else None
