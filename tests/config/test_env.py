"""The environment is read in one place and refused in whole sentences."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotation.config import env


def test_file_variant_wins_over_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    monkeypatch.setenv("PROBE_FILE", str(secret))
    assert env.text("PROBE") == "from a file"


def test_unreadable_file_variant_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROBE_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="PROBE_FILE"):
        env.text("PROBE")


@pytest.mark.parametrize(
    ("value", "expected"), [("", True), ("true", True), ("NO", False), ("0", False)]
)
def test_flag_reads_its_words(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("PROBE", value)
    assert env.flag("PROBE", default=True) is expected


def test_unknown_flag_names_the_allowed_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="true, false"):
        env.flag("PROBE", default=True)


@pytest.mark.parametrize("value", ["0", "65536", "eight", "8.0"])
def test_number_out_of_bounds_names_the_bounds(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PROBE", value)
    with pytest.raises(ImproperlyConfigured, match="from 1 to 65535"):
        env.integer("PROBE", 8000, low=1, high=65535)


def test_foreign_scheme_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE", "mysql://host/name")
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        env.url("PROBE", ("postgresql",))


def test_default_fills_an_empty_variable_and_spares_a_set_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROBE", "")
    env.set_default("PROBE", "first")
    env.set_default("PROBE", "second")
    assert env.text("PROBE") == "first"
