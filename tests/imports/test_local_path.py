"""A stored file as a path: where it lies, or a copy of it."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage

from annotation.services.imports import local_path

STORAGE = "annotation.services.imports.default_storage"


class Remote(Storage):
    """A storage that is no disk: its `path` is Django's, which says so."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def _save(self, name: str, content: "File[bytes]") -> str:
        self.files[name] = content.read()
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        return ContentFile(self.files[name])

    def exists(self, name: str) -> bool:
        return name in self.files


def put(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(STORAGE, storage)
    return str(storage.save("rows.jsonl", ContentFile(b"a row\n")))


def test_file_that_is_not_on_a_disk_is_copied_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with local_path(put(Remote(), monkeypatch)) as path:
        assert path.read_bytes() == b"a row\n"
    assert not path.exists()


def test_error_of_the_work_with_a_file_comes_out_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = put(FileSystemStorage(tmp_path), monkeypatch)
    with pytest.raises(NotImplementedError, match="of the work"), local_path(name):
        raise NotImplementedError("of the work")
