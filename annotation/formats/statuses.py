"""PURE: a platform's list of its submissions as a CSV file: whose, and in what state.

Prolific's export, Mechanical Turk's results and a plain list of id and status are read
by the names of their columns.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.questions import Problem
from annotation.words import gettext as _

MAX_LINES = 100_000
MAX_CHARS = 20_000_000
ID_COLUMNS = (
    "external_id",
    "participant id",
    "participant_id",
    "prolific id",
    "prolific_pid",
    "workerid",
    "worker id",
    "survey_code",
    "pid",
    "id",
)
STATUS_COLUMNS = ("status", "assignmentstatus", "assignment status", "state")
# What platforms write, by what it means here.
STATUSES: dict[str, str] = {
    "returned": "returned",
    "timed-out": "timed_out",
    "abandoned": "timed_out",
    "expired": "timed_out",
    "rejected": "rejected",
    "approved": "approved",
    "partially approved": "approved",
    "awaiting review": "awaiting_review",
    "submitted": "awaiting_review",
    "screened out": "screened_out",
    "active": "active",
    "reserved": "active",
    "completed": "awaiting_review",
}
_SPELLING = {re.sub(r"[^a-z]", "", name): value for name, value in STATUSES.items()}


@dataclass(frozen=True)
class StatusLine:
    """A line of the list: its number in the file, the id, and the status here."""

    row: int
    external_id: str
    status: str


@dataclass(frozen=True)
class StatusFile:
    """The lines of a list, or everything that is wrong with it."""

    lines: tuple[StatusLine, ...]
    problems: tuple[Problem, ...]


def read_statuses(content: bytes) -> StatusFile:
    """Read a list; each line that cannot be read is a problem with its number."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(_("The file is not UTF-8 text. Save it as CSV in UTF-8."))
    if len(text) > MAX_CHARS or text.count("\n") > MAX_LINES:
        return _refused(
            _("The file has more than {max_lines:,} lines. Cut it in parts.").format(
                max_lines=MAX_LINES
            )
        )
    if "\x00" in text:
        return _refused(_("The file holds NUL characters, so it is no CSV file."))
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return _refused(_("The file is no CSV file: {error}.").format(error=error))
    if not rows:
        return _refused(_("The file is empty."))
    return _read_rows(rows)


def _read_rows(rows: Sequence[Sequence[str]]) -> StatusFile:
    names = [name.strip().lower() for name in rows[0]]
    id_at, status_at = _find(names, ID_COLUMNS), _find(names, STATUS_COLUMNS)
    if id_at is None:
        return _refused(
            _("No column has the ids. Name it “Participant id”, “workerId” or “id”.")
        )
    if status_at is None:
        return _refused(_("No column has the statuses. Name it “Status”."))
    lines: list[StatusLine] = []
    problems: list[Problem] = []
    told: dict[str, StatusLine] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        line = _line(number, row, id_at, status_at)
        if isinstance(line, Problem):
            problems.append(line)
            continue
        before = told.setdefault(line.external_id, line)
        if before.status != line.status:
            problems.append(
                Problem(
                    f"row {number}",
                    _(
                        "Row {number} tells another status of the person in "
                        "row {row}. Keep the line that is right."
                    ).format(number=number, row=before.row),
                )
            )
        elif before is line:
            lines.append(line)
    return StatusFile(() if problems else tuple(lines), tuple(problems))


def _find(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _line(
    number: int, row: Sequence[str], id_at: int, status_at: int
) -> StatusLine | Problem:
    if len(row) <= max(id_at, status_at) or not row[id_at].strip():
        return Problem(
            f"row {number}",
            _("Row {number} has no id or no status.").format(number=number),
        )
    said = row[status_at].strip()
    status = _SPELLING.get(re.sub(r"[^a-z]", "", said.lower()))
    if status is None:
        return Problem(
            f"row {number}",
            _(
                "Row {number} has the status “{said}”, which is not known. "
                "Known are {statuses}."
            ).format(
                number=number, said=said[:40], statuses=", ".join(sorted(STATUSES))
            ),
        )
    return StatusLine(number, row[id_at].strip(), status)


def _refused(sentence: str) -> StatusFile:
    return StatusFile((), (Problem("file", sentence),))
