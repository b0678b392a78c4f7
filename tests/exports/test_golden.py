"""Each format's files are the ones looked at once, byte by byte.

Delete a file below `golden/` to have it written anew, then look at it before it is
committed.
"""

from pathlib import Path
from typing import Any

import pytest

from annotation.models import Project
from tests.exports.conftest import Write

GOLDEN = Path(__file__).parent / "golden"
PLAIN = {"include_machine": True, "include_surplus": True}
FROM_PAIRS: list[tuple[str, dict[str, Any]]] = [
    ("raw", {"format": "raw", **PLAIN}),
    ("raw_csv", {"format": "raw", "file_type": "csv", **PLAIN}),
    ("native", {"format": "native", **PLAIN}),
    ("trl_preference", {"format": "trl_preference", **PLAIN}),
    (
        "trl_preference_aggregate",
        {"format": "trl_preference", "unit": "aggregate", "style": "standard"},
    ),
    (
        "trl_preference_csv",
        {"format": "trl_preference", "file_type": "csv", "style": "standard", **PLAIN},
    ),
    (
        "trl_preference_implicit",
        {"format": "trl_preference_implicit", "style": "standard"},
    ),
    ("trl_reward", {"format": "trl_reward", "ties": "half"}),
    ("trl_unpaired", {"format": "trl_unpaired", "style": "standard"}),
    ("sides", {"format": "sides", "unit": "aggregate"}),
    ("helpsteer_ratings", {"format": "helpsteer_ratings"}),
    ("helpsteer_preference", {"format": "helpsteer_preference"}),
    ("multipref", {"format": "multipref", **PLAIN}),
]
FROM_LISTS: list[tuple[str, dict[str, Any]]] = [
    ("ranking", {"format": "ranking", "style": "standard"}),
    ("ranking_aggregate", {"format": "ranking", "unit": "aggregate"}),
    ("pro", {"format": "pro"}),
    ("trl_reward_lists", {"format": "trl_reward", "unit": "aggregate"}),
]
FROM_ROUTED: list[tuple[str, dict[str, Any]]] = [
    ("sides_hybrid", {"format": "sides", "audit": "keep", "machine": "other"}),
    (
        "trl_preference_hybrid_csv",
        {
            "format": "trl_preference",
            "file_type": "csv",
            "style": "standard",
            "ties": "half",
        },
    ),
]


def compare(folder: Path, name: str) -> None:
    """Compare every file but the checksums, which follow from the others."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "checksums.txt"
    }
    if not (GOLDEN / name).exists():
        for path, content in found.items():
            (GOLDEN / name / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name / path).write_bytes(content)
        pytest.fail(f"golden/{name} was missing and is written. Look at it.")
    known = {
        str(path.relative_to(GOLDEN / name)): path.read_bytes()
        for path in sorted((GOLDEN / name).rglob("*"))
        if path.is_file()
    }
    assert sorted(found) == sorted(known)
    for path, content in found.items():
        assert content.decode() == known[path].decode(), path


@pytest.mark.parametrize(("name", "options"), FROM_PAIRS)
def test_data_set_of_pairs_is_the_one_looked_at(
    pairs: Project, write: Write, name: str, options: dict[str, Any]
) -> None:
    compare(write(pairs, **options)[0], name)


@pytest.mark.parametrize(("name", "options"), FROM_LISTS)
def test_data_set_of_lists_is_the_one_looked_at(
    lists: Project, write: Write, name: str, options: dict[str, Any]
) -> None:
    compare(write(lists, **options)[0], name)


@pytest.mark.parametrize(("name", "options"), FROM_ROUTED)
def test_data_set_of_one_label_an_item_is_the_one_looked_at(
    routed: Project, write: Write, name: str, options: dict[str, Any]
) -> None:
    compare(write(routed, labels_from="hybrid", **options)[0], name)
