"""A machine annotator's report as rows: one figure each, for a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from annotation.formats.exports.cells import harmless
from models_service.selectors.trust import Trust, shared_figures

COLUMNS = ("part", "name", "figure", "value", "low", "high")


def trust_csv(trust: Trust) -> str:
    """Return all figures as CSV; what is not defined is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(shared_figures(trust)):
        writer.writerow(["" if one is None else one for one in row])
    return text.getvalue()


def _rows(told: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name in ("lines", "position", "length", "calibration"):
        yield from _figures(name, "", told[name] or {})
    yield from _figures("all", "", told)
    for part in ("tags", "strata"):
        for group in told[part]:
            for cell in group["shown"]:
                yield from _figures(part, f"{group['name']}: {cell['name']}", cell)
    for person in told["people"]["shown"]:
        yield from _figures("people", person["pseudonym"], person)
    for other in told["others"]:
        yield from _figures("others", other["machine"], other)


def _figures(
    part: str, name: str, told: Mapping[str, Any]
) -> Iterator[tuple[Any, ...]]:
    for figure, value in told.items():
        if isinstance(value, Mapping):
            if "low" in value:
                ends = (value["value"], value["low"], value["high"])
                yield part, harmless(name), figure, *ends
        elif isinstance(value, (bool, int, float)) or value is None:
            yield part, harmless(name), figure, value, None, None
