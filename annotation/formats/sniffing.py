"""PURE: what kind of file this is, told from its bytes and, second, its name."""

import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from annotation.formats.types import FileProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

Format: TypeAlias = Literal["jsonl", "json", "csv", "tsv", "parquet"]
HEAD_BYTES = 256 * 1024
TAKEN = gettext_noop(
    "Use JSONL, JSON, CSV, TSV or Parquet, each also compressed with gzip."
)
GZIP = b"\x1f\x8b"
# Some wrappers, such as {"data": [...]}, are too large to be read whole.
WRAPPER_KEYS = ("data", "rows", "records", "examples")
WRAPPER = re.compile(r'\s*\{\s*"(' + "|".join(WRAPPER_KEYS) + r')"\s*:\s*\[')

# First bytes of kinds that are not taken: what it is, and what to do.
FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PK\x03\x04",
        gettext_noop("a ZIP archive"),
        gettext_noop("Unpack it and import the file inside."),
    ),
    (b"\x89PNG", gettext_noop("a PNG image"), TAKEN),
    (b"\xff\xd8\xff", gettext_noop("a JPEG image"), TAKEN),
    (b"GIF8", gettext_noop("a GIF image"), TAKEN),
    (b"%PDF", gettext_noop("a PDF document"), TAKEN),
    (
        b"\xd0\xcf\x11\xe0",
        gettext_noop("an old Excel or Word file"),
        gettext_noop("Save the sheet as CSV UTF-8."),
    ),
    (
        b"SQLite format 3",
        gettext_noop("an SQLite database"),
        gettext_noop("Export its table as CSV."),
    ),
    (
        b"BZh",
        gettext_noop("a bzip2 archive"),
        gettext_noop("Unpack it, or compress it with gzip instead."),
    ),
    (
        b"\xfd7zXZ",
        gettext_noop("an xz archive"),
        gettext_noop("Unpack it, or compress it with gzip instead."),
    ),
    (
        b"\x28\xb5\x2f\xfd",
        gettext_noop("a Zstandard archive"),
        gettext_noop("Unpack it, or use gzip instead."),
    ),
    (
        b"7z\xbc\xaf",
        gettext_noop("a 7z archive"),
        gettext_noop("Unpack it and import the file inside."),
    ),
    (
        b"Rar!",
        gettext_noop("a RAR archive"),
        gettext_noop("Unpack it and import the file inside."),
    ),
    (
        b"ARROW1",
        gettext_noop("an Arrow (Feather) file"),
        gettext_noop("Save the table as Parquet."),
    ),
    (
        b"PARE",
        gettext_noop("an encrypted Parquet file"),
        gettext_noop("Save it without encryption."),
    ),
    (
        b"Obj\x01",
        gettext_noop("an Avro file"),
        gettext_noop("Save the table as Parquet or JSONL."),
    ),
    (
        b"\x89HDF",
        gettext_noop("an HDF5 file"),
        gettext_noop("Save the table as Parquet or CSV."),
    ),
    (
        b"\x80\x04\x95",
        gettext_noop("a Python pickle, which is never opened"),
        gettext_noop("Save it as JSONL."),
    ),
    (
        b"version https://git-lfs",
        gettext_noop("a Git LFS pointer and not the data itself"),
        gettext_noop("Fetch the data with “git lfs pull” and import that file."),
    ),
    (
        b"\xff\xfe\x00\x00",
        gettext_noop("a text in UTF-32"),
        gettext_noop("Save the file as UTF-8 and import it again."),
    ),
)
WORKBOOK = re.compile(rb"\[Content_Types\]\.xml|xl/|mimetypeapplication/vnd\.oasis")


@dataclass(frozen=True)
class FileKind:
    """How a file is to be read. `delimiter` matters for tables in text only."""

    format: Format
    is_gzip: bool = False
    encoding: str = "utf-8-sig"
    delimiter: str = ","


def sniff(path: Path, name: str) -> FileKind:
    """Return the kind of a file from its first bytes; `name` decides what they leave.

    Raises
    ------
    FileProblem
        If the file is empty or of a kind that cannot be imported.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    is_gzip = head.startswith(GZIP)
    if is_gzip:
        head = _gunzip_head(path)
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x0b\x0c"):
        raise FileProblem(
            _("The file is empty."), _("Choose a file with at least one row.")
        )
    if head.startswith(b"PAR1"):
        return FileKind("parquet", is_gzip)
    _refuse_foreign(head)
    encoding = _encoding(head)
    # The head may end in the middle of a character.
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    _refuse_markup(text)
    return _text_kind(text, name, is_gzip, encoding)


def _gunzip_head(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as file:
            return file.read(HEAD_BYTES)
    except EOFError as error:
        raise FileProblem(
            _("The gzip file ends early."),
            _("It was cut off while it was copied. Fetch it again."),
        ) from error
    except (OSError, zlib.error) as error:
        raise FileProblem(
            _("The gzip file is damaged: {error}.").format(error=error),
            _("Fetch or compress it again."),
        ) from error


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(GZIP):
        raise FileProblem(
            _("The file is compressed with gzip twice."),
            _("Unpack it once and import it."),
        )
    for magic, what, fix in FOREIGN:
        if head.startswith(magic):
            if magic == b"PK\x03\x04" and WORKBOOK.search(head):
                what = gettext_noop("a spreadsheet")
                fix = gettext_noop("Save the sheet as CSV UTF-8.")
            raise FileProblem(_("The file is {what}.").format(what=_(what)), _(fix))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        raise FileProblem(_("The file is a WebP image."), _(TAKEN))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.count(0) > len(head) // 8:
        raise FileProblem(
            _("The file is not text in UTF-8; many of its bytes are zero."),
            " ".join((_("If it is text, save it as UTF-8."), _(TAKEN))),
        )
    sample = head[:4096]
    n_control = sum(byte < 32 and byte not in b"\t\n\x0b\x0c\r\x1b" for byte in sample)
    if n_control > len(sample) // 10:
        raise FileProblem(_("The file is not text and of no known kind."), _(TAKEN))
    return "utf-8-sig"


def _refuse_markup(text: str) -> None:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        raise FileProblem(
            _("The file is a web page, perhaps a log-in page instead of a download."),
            _("Fetch the data again and import that file."),
        )
    if start.startswith("<?xml"):
        raise FileProblem(_("The file is XML."), _(TAKEN))


def _text_kind(text: str, name: str, is_gzip: bool, encoding: str) -> FileKind:
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    start = text.lstrip()[:1]
    if start == "[" or (start == "{" and suffix not in ("csv", "tsv")):
        is_lines = start == "{" and _is_json_lines(text, suffix)
        return FileKind("jsonl" if is_lines else "json", is_gzip, encoding)
    if suffix in ("json", "jsonl", "ndjson"):
        raise FileProblem(
            _("The name says JSON, but the content starts with {text!r}.").format(
                text=text.lstrip()[:20]
            ),
            _("Give the file the name that fits its content, or save it as JSONL."),
        )
    if suffix == "parquet":
        raise FileProblem(
            _("The name says Parquet, but the content is not Parquet."),
            _("Fetch the file again, or give it the name that fits its content."),
        )
    header = next(iter(io.StringIO(text.lstrip("\r\n"), newline=None)), "")
    delimiter = max(",\t;", key=_unquoted(header).count)
    if suffix == "tsv" and not header.count(delimiter):
        delimiter = "\t"
    kind: Format = "tsv" if delimiter == "\t" else "csv"
    return FileKind(kind, is_gzip, encoding, delimiter)


def _unquoted(header: str) -> str:
    return re.sub(r'"[^"]*"', "", header)


def _is_json_lines(text: str, suffix: str) -> bool:
    if WRAPPER.match(text):
        return False
    lines = [line for line in text.split("\n")[:50] if line.strip()]
    if lines[0].strip() == "{":
        return False
    if suffix in ("jsonl", "ndjson"):
        return True
    if len(lines) > 1:
        return _is_json(lines[0]) or _is_json(lines[1])
    # One line alone is a document; one that goes on past the head may be a row.
    return suffix != "json" and len(text.encode()) >= HEAD_BYTES


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
