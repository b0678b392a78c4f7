"""LLMBar's evaluators come in as AI annotators, with the figures of their README.

On an own-written miniature, and on the real verdicts where POLYPHONY_DATA_DIR names
them.
"""

import os
from collections import defaultdict
from pathlib import Path

import pytest

from annotation.formats.examples import FOLDER
from annotation.models import Annotation, MachineAnnotator, PreAnnotation, Project
from tests.factories import make_project
from tests.flow.test_real_data import bring_in, needs_data

pytestmark = pytest.mark.django_db
REAL = Path(os.environ.get("POLYPHONY_DATA_DIR", ""))
# Mean accuracy over both orders, by evaluator and subset, as the README states it.
PUBLISHED = {
    ("GPT-4/Vanilla", "Natural"): 0.9545,
    ("GPT-4/Vanilla", "Neighbor"): 0.7873,
    ("GPT-4/Vanilla", "GPTInst"): 0.8641,
    ("GPT-4/Vanilla", "GPTOut"): 0.7766,
    ("ChatGPT/Vanilla", "Natural"): 0.8131,
    ("ChatGPT/Vanilla", "Neighbor"): 0.1940,
    ("ChatGPT/Vanilla", "GPTInst"): 0.2663,
    ("ChatGPT/Vanilla", "GPTOut"): 0.4149,
}


def miniature() -> Project:
    project = make_project()
    bring_in(project, FOLDER / "llmbar.jsonl", FOLDER / "llmbar_verdicts.jsonl")
    return project


def known(project: Project) -> dict[int, int]:
    """Return the label of each item, by its key."""
    rows = Annotation.objects.filter(project=project).order_by("item__number")
    return {
        item: answers["preference"]["value"]
        for item, answers in rows.values_list("item", "answers")
    }


def test_labels_and_names_of_the_items() -> None:
    project = miniature()
    names = list(project.items.order_by("number").values_list("external_id", flat=True))
    assert names[0] == "Mini/Natural/0"
    assert list(known(project).values()) == [1, -1, 1, -1]


def test_each_evaluator_is_an_annotator_with_both_orders() -> None:
    project = miniature()
    machines = MachineAnnotator.objects.filter(project=project)
    assert {machine.name for machine in machines} == {
        "steady/Vanilla",
        "first/Vanilla",
        "mute/Vanilla",
    }
    steady = PreAnnotation.objects.filter(machine__name="steady/Vanilla")
    assert {tuple(row.order) for row in steady} == {(0, 1), (1, 0), ()}
    truth = known(project)
    for row in steady:
        assert row.answers["preference"]["value"] == truth[row.item_id]
        assert row.flags == []


def test_orders_that_contradict_each_other_are_a_flagged_tie() -> None:
    project = miniature()
    both = PreAnnotation.objects.filter(
        project=project, machine__name="first/Vanilla", order=[]
    )
    assert both.count() == 4
    for row in both:
        assert (row.status, row.answers["preference"]["value"]) == ("ok", 0)
        assert row.flags == ["order_inconsistent"]


def test_order_that_cannot_be_read_leaves_no_verdict() -> None:
    project = miniature()
    rows = PreAnnotation.objects.filter(project=project, machine__name="mute/Vanilla")
    statuses = {tuple(row.order): row.status for row in rows}
    assert statuses == {(0, 1): "ok", (1, 0): "unparsable", (): "unparsable"}
    assert all(row.answers == {} for row in rows if row.status != "ok")


@needs_data
def test_accuracy_of_real_evaluators_is_the_published_one() -> None:
    project = make_project()
    folder = REAL / "llmbar"
    bring_in(project, folder / "items.jsonl.gz", folder / "verdicts.jsonl.gz")
    truth = known(project)
    assert len(truth) == 372
    assert MachineAnnotator.objects.filter(project=project).count() == 32
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    rows = PreAnnotation.objects.filter(project=project).exclude(order=[])
    for item, name, answers, subset in rows.values_list(
        "item", "machine__name", "answers", "item__metadata__subset"
    ):
        value = answers.get("preference", {}).get("value")
        hits[name, subset.rsplit("/", 1)[-1]].append(value == truth[item])
    found = {key: sum(hits[key]) / len(hits[key]) for key in PUBLISHED}
    assert found == pytest.approx(PUBLISHED, abs=6e-5)
