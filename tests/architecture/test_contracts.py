"""The import contracts hold, and no pure package escapes them by being new."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE = ("agreement", "aggregation", "allocation", "formats", "rendering")


def contract(words: str) -> set[str]:
    """Return the source modules of the contract whose name begins so."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    found = next(one for one in contracts if one["name"].startswith(words))
    return set(found["source_modules"])


def test_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_pure_package_that_exists_is_kept_pure() -> None:
    existing = {
        name for name in PURE if (ROOT / "annotation" / name / "__init__.py").exists()
    }
    assert {f"annotation.{name}" for name in existing} <= contract("Pure packages")
