"""Step export: data sets as background jobs, and annotations as a stream.

The pseudonyms of an export stand under a salt of its own. It is kept encrypted with the
job, so that a job that starts again gives the same names; no page or call shows it.
"""

import hashlib
import hmac
import secrets
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage

from annotation.access import Seat
from annotation.errors import InvalidError
from annotation.formats.exports import tables
from annotation.formats.exports.card import reason_words
from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.hybrid import AI, HUMAN, HybridCounts
from annotation.formats.exports.hybrid_card import item_reasons
from annotation.formats.exports.options import ExportOptions, InvalidOptionsError
from annotation.formats.exports.package import ZipPackage
from annotation.formats.exports.policy import APART_PURPOSES, refusal
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.types import StoredAnswer, Version
from annotation.formats.exports.writers import dump
from annotation.models import Job, Project
from annotation.selectors.export_rows import ExportReader
from annotation.services.datasets import WrittenDataset, write_dataset
from annotation.services.hybrid import machine_of
from annotation.services.identities import decrypt, encrypt
from annotation.services.jobs import Progress, create_job
from annotation.words import gettext as _
from annotation.words import ngettext

CARD_SHOWN = 20_000


def new_salt() -> bytes:
    """Return a salt for one export."""
    return secrets.token_bytes(32)


def request_export(*, seat: Seat, options: Mapping[str, Any]) -> Job:
    """Make the job that writes a data set; `options` as ExportOptions names them.

    Raises InvalidError with every fault of the options.
    """
    try:
        chosen = parse_options(options)
    except InvalidOptionsError as error:
        raise InvalidError(
            _("The export cannot be made like this. Mend the options and try again."),
            problems=error.problems,
        ) from error
    machine_of(seat.project, chosen)
    return create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.EXPORT,
        parameters={
            "options": chosen.to_json(),
            "salt_encrypted": encrypt(new_salt().hex()).decode(),
        },
    )


def options_of(job: Job) -> ExportOptions:
    """Return the options that an export job was made with."""
    return parse_options(job.parameters["options"])


def run_export(job: Job, progress: Progress) -> dict[str, Any]:
    """Run an export job: write a ZIP file, store it, and return its counts.

    A job that is cancelled or dies midway leaves no file.
    """
    options = options_of(job)
    salt = bytes.fromhex(decrypt(job.parameters["salt_encrypted"].encode()))
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            written = write_dataset(
                project=job.project,
                options=options,
                package=ZipPackage(archive),
                salt=salt,
                on_progress=lambda done, total: progress.set(done, total),
            )
        size = file.tell()
        digest = _sha256(file)
        progress.set(written.n_read, written.n_read, _("Storing the file."))
        _store(job, options, file)
    return _result(options, written, size, digest)


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file
    file.seek(0)
    return digest


def _store(job: Job, options: ExportOptions, file: IO[bytes]) -> None:
    name = f"exports/{job.public_id}/{job.project.slug}-{options.format}.zip"
    if default_storage.exists(name):
        # An attempt that died after storing; its bytes are the same or half of them.
        default_storage.delete(name)
    job.file = default_storage.save(name, File(file))
    Job.objects.filter(pk=job.pk).update(file=job.file)


def _result(
    options: ExportOptions, written: WrittenDataset, size: int, digest: str
) -> dict[str, Any]:
    answers = written.answers
    message = ngettext(
        "{n:,} row was written.", "{n:,} rows were written.", written.n_rows
    ).format(n=written.n_rows)
    if answers.dropped.total():
        n_left_out = answers.dropped.total()
        left_out = ngettext(
            "{n:,} answer was left out.", "{n:,} answers were left out.", n_left_out
        )
        message += " " + left_out.format(n=n_left_out)
    return {
        "message": message,
        "n_done": written.n_read,
        "n_total": written.n_read,
        "format": options.format,
        "file_type": options.file_type,
        "rows": {table.name: table.n_rows for table in written.tables},
        "stored": answers.stored,
        "exported": answers.exported,
        "dropped": dict(answers.dropped),
        "dropped_in_words": reason_words(answers.dropped),
        "parts": answers.parts,
        "left_out": dict(answers.left_out),
        "people_dropped": dict(written.people.dropped),
        "withheld": dict(answers.withheld),
        "people_withheld": dict(written.people.withheld),
        **_labels(written.hybrid),
        "size": size,
        "sha256": digest,
        "card": written.card[:CARD_SHOWN],
    }


def _labels(counts: HybridCounts | None) -> dict[str, Any]:
    """Return whose labels a data set with one for each item has."""
    if counts is None:
        return {}
    return {
        "labels": {
            "human": counts.of(HUMAN),
            "ai": counts.of(AI),
            "audit": counts.n_audit,
            "by_part": {
                f"{source} {part}": n for (source, part), n in counts.by_source.items()
            },
            "left_out": {name: n for name, n in counts.left_out.items() if n},
            "left_out_in_words": item_reasons(counts.left_out),
            "machines": {name: n for name, (_, n) in counts.machines.items()},
            "policies": [one.number for one in counts.policies],
        }
    }


# --- stream -----------------------------------------------------------------------


def stream_salt(project: Project) -> bytes:
    """Return the salt of a project's stream: the same each time, and never stored.

    So a program that reads the stream again knows the same people again, while their
    names in the stream and in any export have nothing in common.
    """
    message = b"annotation-stream:" + project.public_id.bytes
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()


def stream_annotations(project: Project, salt: bytes | None = None) -> Iterator[bytes]:
    """Yield the current annotations as JSON lines, some thousand in a chunk.

    The columns are those of the raw table `annotations`, but `answers` and `metadata`
    are objects. Holds one batch and no transaction.
    """
    options = ExportOptions(include_surplus=True)
    reader = ExportReader(project, Pseudonyms(salt or stream_salt(project)))
    for answers in reader.annotations():
        lines = [
            _line(answer, reader.versions[answer.version])
            for answer in answers
            if not refusal(answer, options) and answer.purpose not in APART_PURPOSES
        ]
        if lines:
            yield "".join(lines).encode()


_NAMES = [column.name for column in tables.ANNOTATIONS.columns]


def _line(answer: StoredAnswer, version: Version) -> str:
    """Return a line; what is stored as JSON is put in as it is, without reading it."""
    row = dict(zip(_NAMES, tables.annotation_row(answer, version), strict=True))
    del row["answers"], row["metadata"]
    head = dump(row).removesuffix("}")
    return f'{head},"answers":{answer.answers},"metadata":{answer.metadata}}}\n'
