"""Run one format over items in the hand, and give its rows by column."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.policy import Policy, Tally
from annotation.formats.exports.types import StoredItem, Version


def rows_of(
    form: str, items: Sequence[StoredItem], version: Version, **options: Any
) -> tuple[list[dict[str, Any]], Tally]:
    """Return the rows of a format as dictionaries, and the tally."""
    return run(form, items, {1: version}, **options)


def run(
    form: str,
    items: Sequence[StoredItem],
    versions: Mapping[int, Version],
    **options: Any,
) -> tuple[list[dict[str, Any]], Tally]:
    """Return the rows of a format for several versions of the questions."""
    chosen = parse_options({"format": form, **options})
    plan = FORMATS[form].plan
    assert plan is not None
    columns, judge = plan(chosen, list(versions.values()))
    policy = Policy(
        chosen,
        versions,
        FORMATS[form].kinds,
        judge,
        takes_decisions="unit" in FORMATS[form].options,
    )
    tally = Tally()
    names = [column.name for column in columns]
    rows = [
        dict(zip(names, row, strict=True))
        for item in items
        for row in policy.rows_of(item, tally)
    ]
    return rows, tally
