"""Step consent: the copy of their own data that a participant takes away.

As one JSON document, or as a ZIP file for people and programs: a page to read, the
same JSON, and a CSV table for each kind of thing. Items lent with their answers are
read in batches, once for the JSON and four times for the ZIP file, which is whole
before its first byte is sent; the other tables are held in memory. No transaction is
held. Here alone is the participant's id from elsewhere opened for them.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from annotation.formats.exports.cells import harmless
from annotation.models import ExternalIdentity, Participant
from annotation.selectors.own_answers import batches
from annotation.selectors.own_copy import TABLES, Table
from annotation.selectors.own_rows import Entry
from annotation.services.identities import decrypt
from annotation.words import gettext as _

FORMAT, VERSION = "polyphony-own-data", 3
PAGE, DOCUMENT = "your-data.html", "your-data.json"
# What says the same in a form that people do not read.
FOR_PROGRAMS = ("id", "item", "sha256", "answers_as_shown", "metadata")


def own_json(participant: Participant) -> Iterator[bytes]:
    """Yield one JSON document with everything that is held about a participant."""
    tables = {table.name: list(table.rows(participant)) for table in TABLES}
    head = {"format": FORMAT, "version": VERSION} | _you(participant) | tables
    yield f'{_dump(head).removesuffix("}")},"assignments":['.encode()
    comma = ""
    for batch in batches(participant):
        lines = ",\n".join(_dump(entry) for entry in batch)
        yield f"{comma}\n{lines}".encode()
        comma = ","
    yield b"\n]}\n"


def own_zip(participant: Participant) -> IO[bytes]:
    """Return a ZIP file with a page to read, the JSON document and CSV tables."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(PAGE, "w") as page:
            for piece in _page(participant):
                page.write(piece.encode())
        with archive.open(DOCUMENT, "w") as document:
            for part in own_json(participant):
                document.write(part)
        you = _you(participant)
        _write_csv(archive, "you", [{k: v for k, v in you.items() if k != "project"}])
        for table in TABLES:
            _write_csv(archive, table.name, table.rows(participant))
        _write_csv(archive, "assignments", _assignments(participant))
        _write_csv(archive, "answers", _answers(participant))
    file.seek(0)
    return file


def _you(participant: Participant) -> dict[str, Any]:
    user, project = participant.user, participant.project
    identity = ExternalIdentity.objects.filter(participant=participant).first()
    details = identity.details_encrypted if identity else None
    return {
        "project": {"name": project.name, "slug": project.slug},
        "log_in": {"name": user.username, "email": user.email} if user else None,
        "pseudonym": participant.pseudonym,
        "since": participant.created_at,
        "came_as": participant.source,
        "n_items_wanted": participant.n_wanted,
        "id_from": identity.provider if identity else None,
        "external_id": decrypt(identity.value_encrypted) if identity else None,
        "external_details": json.loads(decrypt(details)) if details else None,
        "imported_profile": participant.imported_profile,
    }


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)


# --- the page -----------------------------------------------------------------------


def _page(participant: Participant) -> Iterator[str]:
    you = _you(participant)
    context = {
        "project": participant.project,
        "you": [(_heading(name), _readable(value)) for name, value in you.items()],
        "sections": [_section(table, participant) for table in TABLES],
    }
    yield render_to_string("annotation/people/own_copy.html", context)
    name = "annotation/people/own_copy_answers.html"
    for batch in batches(participant):
        yield render_to_string(name, {"entries": [_told(entry) for entry in batch]})
    yield "</main></body></html>\n"


def _section(table: Table, participant: Participant) -> Mapping[str, Any]:
    rows = list(table.rows(participant))
    names = [name for name in rows[0] if name not in FOR_PROGRAMS] if rows else []
    return {
        "title": _(table.title),
        "about": _(table.about),
        "columns": [_heading(name) for name in names],
        "rows": [[_readable(row[name]) for name in names] for row in rows],
    }


def _told(entry: Entry) -> Mapping[str, Any]:
    """Return an item that was lent, with what is empty left out."""
    own = ("prompt", "answers")
    return {
        "prompt": entry["prompt"],
        "facts": [
            (_heading(name), _readable(value))
            for name, value in entry.items()
            if name not in (*own, *FOR_PROGRAMS) and value not in (None, "")
        ],
        "answers": [
            [
                (_heading(name), _readable(value))
                for name, value in one.items()
                if name not in FOR_PROGRAMS
            ]
            for one in entry["answers"]
        ],
    }


def _heading(name: str) -> str:
    """Return a key as people read it: `shown_at` is “shown at”."""
    return name.replace("_", " ")


def _asked(name: str) -> str:
    return name if name.endswith(("?", ":")) else f"{name}:"


def _readable(value: object) -> str:
    """Return a value as people read it: no braces, times to the second in UTC."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%d %B %Y, %H:%M:%S}".lstrip("0")
    if isinstance(value, Mapping):
        told = ((_heading(name), _readable(part)) for name, part in value.items())
        return "\n".join(f"{_asked(name)} {part}" for name, part in told if part)
    if isinstance(value, list | tuple):
        is_flat = not any(isinstance(part, Mapping) for part in value)
        return (", " if is_flat else "\n").join(map(_readable, value))
    return _words(value)


def _words(value: object) -> str:
    """Return a value as a cell: lists and objects as JSON, times as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return _dump(value).strip('"')


# --- tables -------------------------------------------------------------------------


def _assignments(participant: Participant) -> Iterator[Entry]:
    for batch in batches(participant):
        for entry in batch:
            yield {name: part for name, part in entry.items() if name != "answers"}


def _answers(participant: Participant) -> Iterator[Entry]:
    for batch in batches(participant):
        for entry in batch:
            for answer in entry["answers"]:
                yield {"assignment": entry["id"], "prompt": entry["prompt"]} | answer


def _write_csv(archive: zipfile.ZipFile, name: str, rows: Iterable[Entry]) -> None:
    """Write a table, where it has any row; no cell becomes a formula."""
    entries = iter(rows)
    first = next(entries, None)
    if first is None:
        return
    with (
        archive.open(f"tables/{name}.csv", "w") as raw,
        io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text)
        writer.writerow(first)
        writer.writerow([harmless(_words(value)) for value in first.values()])
        for entry in entries:
            writer.writerow([harmless(_words(value)) for value in entry.values()])
