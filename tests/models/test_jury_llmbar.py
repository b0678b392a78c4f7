"""A jury of LLMBar's evaluators, from their files to its verdicts, by hand.

On an own-written miniature, and on the real verdicts where POLYPHONY_DATA_DIR names
them.
"""

from collections import defaultdict
from math import log, sqrt
from pathlib import Path

import pytest
from django.core.cache import cache

from annotation.formats.examples import FOLDER
from annotation.models import MachineAnnotator, PreAnnotation, Project
from models_service.services import reports
from tests.factories import make_project
from tests.flow.test_real_data import bring_in, needs_data
from tests.models.juries import decide, make_jury, named, said
from tests.models.llmbar import part_of, rows_of

pytestmark = pytest.mark.django_db
VOTES = {"1": log(3), "2": -log(3)}


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def votes_of(path: Path, names: list[str]) -> dict[str, dict[str, float]]:
    """Return the evidence for output 1 by item and evaluator, as its file votes."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows_of(path):
        last = row["results"][-1]
        winners = [str(last[f"swap = {swap}"]["winner"]) for swap in (False, True)]
        if row["evaluator"] in names and all(one in VOTES for one in winners):
            item = f"{row['subset']}/{row['index']}"
            found[item][row["evaluator"]] = sum(VOTES[one] for one in winners) / 2
    return found


def jury_of(
    project: Project, names: list[str], *, is_calibrated: bool = True
) -> MachineAnnotator:
    members = [named(project, name) for name in names]
    for one in members:
        if is_calibrated:
            reports.refresh(machine=one)
    jury = make_jury(project, members)
    temperatures = {one["temperature"] for one in jury.parameters["members"]}
    assert (temperatures != {1.0}) is is_calibrated
    return jury


@pytest.mark.parametrize(
    ("is_real", "names", "n"),
    [
        (False, ["steady/Vanilla", "first/Vanilla", "mute/Vanilla"], 2),
        pytest.param(
            True,
            ["GPT-4/Vanilla", "ChatGPT/Vanilla", "PaLM2/Vanilla", "LLaMA2/Vanilla"],
            99,
            marks=needs_data,
        ),
    ],
    ids=["mini", "real"],
)
def test_jury_is_the_mean_of_what_the_files_say(
    is_real: bool, names: list[str], n: int, tmp_path: Path
) -> None:
    items, verdicts = (
        part_of(tmp_path, "Natural", names)
        if is_real
        else (FOLDER / "llmbar.jsonl", FOLDER / "llmbar_verdicts.jsonl")
    )
    project = make_project()
    bring_in(project, items, verdicts)
    project.items.exclude(metadata__subset__endswith="Natural").delete()
    # Of the miniature nothing is fitted: on two items every limit is chance.
    jury = jury_of(project, names, is_calibrated=is_real)
    decide(jury)
    seats = dict(zip(names, jury.parameters["members"], strict=True))
    votes = votes_of(verdicts, names)
    found = said(jury)
    assert len(found) == n
    for one in found:
        heard = {
            name: vote / seats[name]["temperature"]
            for name, vote in votes[one.item.external_id].items()
            if seats[name]["weight"]
        }
        mean = sum(heard.values()) / len(heard)
        variance = sum((x - mean) ** 2 for x in heard.values()) / len(heard)
        assert one.logit == pytest.approx(mean, abs=1e-9)
        assert one.metadata["spread"] == pytest.approx(sqrt(variance), abs=1e-9)


@needs_data
def test_jury_of_weaker_evaluators_against_each_alone(tmp_path: Path) -> None:
    """Four of six evaluators with one prompt, on LLMBar's natural pairs."""
    project = make_project()
    evaluators = ("ChatGPT", "PaLM2", "LLaMA2", "ChatGPT-0301")
    names = [f"{name}/Vanilla" for name in evaluators]
    bring_in(project, *part_of(tmp_path, "Natural", names))
    jury = jury_of(project, names)
    decide(jury)
    alone = [named(project, one) for one in names]
    shares = [agreement(one) for one in [*alone, jury]]
    assert shares[-1] > max(shares[:-1])


def agreement(machine: MachineAnnotator) -> float:
    """Return the share of items on which the label's side is named."""
    told: float = reports.refresh(machine=machine).figures["of_all"]["value"]
    assert PreAnnotation.objects.filter(machine=machine).exists()
    return told
