"""PURE: the folder or ZIP file that holds a data set, with sizes and checksums.

The same files give the same bytes: times and modes in the ZIP file are fixed.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class WrittenFile:
    """A file of the data set. `size` in bytes; `sha256` hexadecimal."""

    path: str
    size: int
    sha256: str


class _Counted(io.RawIOBase):
    """Passes bytes on and keeps their number and hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # any bytes, as in io
        self._hash.update(view)
        self._file.write(view)
        self.size += view.nbytes
        return view.nbytes

    def sha256(self) -> str:
        return self._hash.hexdigest()


class Package(Protocol):
    """Where a data set is written, one file after another."""

    files: list[WrittenFile]

    def open(self, path: str) -> IO[bytes]:
        """Open a new file of the data set for writing; close it before the next."""


@contextmanager
def new_file(package: Package, path: str) -> Iterator[IO[bytes]]:
    """Write one file into a package; its size and hash are noted at the end."""
    with package.open(path) as file:
        counted = _Counted(file)
        yield cast("IO[bytes]", counted)
    package.files.append(WrittenFile(path, counted.size, counted.sha256()))


class FolderPackage:
    """A data set as a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: list[WrittenFile] = []

    def open(self, path: str) -> IO[bytes]:
        """Open a new file below the folder."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("wb")


class ZipPackage:
    """A data set as a ZIP file; its files are stored as they come, not compressed."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: list[WrittenFile] = []

    def open(self, path: str) -> IO[bytes]:
        """Open a new entry of the archive."""
        info = zipfile.ZipInfo(path, FIXED_TIME)
        info.create_system = 3
        info.external_attr = 0o644 << 16
        return self._archive.open(info, "w", force_zip64=True)


def write_text(package: Package, path: str, text: str) -> None:
    """Write a small text file into a package."""
    with new_file(package, path) as file:
        file.write(text.encode())


def write_checksums(package: Package) -> None:
    """Write `checksums.txt` as `sha256sum -c` reads it, over all files so far."""
    lines = [f"{file.sha256}  {file.path}\n" for file in package.files]
    write_text(package, "checksums.txt", "".join(lines))
