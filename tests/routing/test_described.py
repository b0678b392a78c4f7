"""What describes items, a tagger's tags and metadata, becomes tags of routing."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import (
    Item,
    MachineAnnotator,
    Membership,
    Participant,
    PreAnnotation,
    Project,
)
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.pairs import OTHER, describe
from routing.selectors import pool as pool_module
from routing.selectors.pairs import LivePairs, pairs_of
from routing.services.requests import request_run
from routing.tag_words import described_words
from tests.models.people import answer_items
from tests.routing.conftest import (
    MakePool,
    lookup,
    make_machine,
    routes_of,
    run_newest,
    start,
)
from tests.routing.test_live_commands import set_up as command
from tests.routing.test_live_fit import fit
from tests.routing.test_policies import set_up, told

live = pytest.mark.django_db(transaction=True)


def tag(project: Project, name: str, tags: Mapping[int, dict[str, Any]]) -> Any:
    """Return a tagger that says so of items, by their numbers."""
    tagger = MachineAnnotator.objects.create(
        project=project, name=name, kind="tagger", protocol="tagging"
    )
    asked = project.current_questions()
    items = {item.number: item for item in project.items.all()}
    PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=project,
            item=items[number],
            machine=tagger,
            questions_version=asked,
            metadata={"tags": said},
        )
        for number, said in tags.items()
    )
    return tagger


def describe_items(project: Project, said: Callable[[int], dict[str, Any]]) -> None:
    """Write the metadata of items, by their numbers."""
    items = list(project.items.all())
    for item in items:
        item.metadata = said(item.number)
    Item.objects.bulk_update(items, ["metadata"])


def has(found: LivePairs, field: str, value: str) -> list[int]:
    """Return the numbers of the items that have a value."""
    told_of = found.pairs.tags[field]
    rows = np.flatnonzero(told_of.has[:, told_of.values.index(value)])
    return [int(number) for number in found.numbers[rows]]


# --- pure ---


def test_an_item_has_several_values_one_or_none() -> None:
    found = describe([["law", "food"], ["law"], [], ["law", "law"]])
    assert found.values == ("food", "law")
    assert found.has.tolist() == [
        [True, True],
        [False, True],
        [False, False],
        [False, True],
    ]


def test_the_most_frequent_values_are_told_apart_and_none_is_lost() -> None:
    found = describe([["a"], ["a"], ["b"], ["c", "b"], ["d"]], most=2)
    assert found.values == ("a", "b", OTHER)
    assert found.has[:, 2].tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tag subjects: law", "Subject: law"),
        ("tag safety: missing", "Safety concern: nothing said"),
        ("tag mood: calm", "mood: calm"),
        ("metadata model pair: a: b", "model pair: a: b"),
        ("second: same", ""),
        ("rouge_1", ""),
    ],
)
def test_tags_have_words(name: str, words: str) -> None:
    assert described_words(name) == words


# --- of a project ---


@live
def test_tags_of_a_tagger_and_metadata_are_read(
    pool: Project, machine: MachineAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "WINDOW", 30)
    tag(pool, "old", {1: {"subjects": ["law"]}, 2: {"subjects": ["art", "law"]}})
    tag(pool, "new", {2: {"subjects": ["food"], "safety": "high"}})
    describe_items(
        pool,
        lambda n: {
            "topic": ["chess", "go"] if n == 3 else None,
            "length": n,
            "odd": True if n < 3 else [],
        },
    )
    policy = start(pool, machine, metadata_fields=["topic", "length", "odd"])
    found = pairs_of(policy)
    assert has(found, "tag subjects", "law") == [1]
    assert has(found, "tag subjects", "food") == [2] == has(found, "tag safety", "high")
    assert has(found, "metadata topic", "chess") == [3]
    assert has(found, "metadata topic", "go") == [3]
    assert has(found, "metadata odd", "True") == [1, 2]
    assert found.pairs.tags["metadata length"].values == ("high", "low", "middle")
    assert has(found, "metadata length", "low") == list(range(1, 34))


@live
def test_a_policy_may_name_whose_tags_are_read(
    pool: Project, machine: MachineAnnotator
) -> None:
    old = tag(pool, "old", {1: {"subjects": ["law"]}})
    tag(pool, "new", {1: {"subjects": ["food"]}})
    assert has(pairs_of(start(pool, machine, tagger=old)), "tag subjects", "law") == [1]
    MachineAnnotator.objects.filter(name="new").update(archived_at="2020-01-01T00:00Z")
    assert has(pairs_of(start(pool, machine)), "tag subjects", "law") == [1]


@live
def test_what_cannot_be_read_is_told_and_nothing_is_written(
    pool: Project, machine: MachineAnnotator, make_pool: MakePool
) -> None:
    describe_items(pool, lambda n: {"topic": "law", "deep": {"a": n}})

    def fault(**more: Any) -> dict[str, str]:
        return told(lambda: set_up(pool, machine, **more))

    unknown = fault(metadata_fields=["topic", "hue"])["metadata_fields"]
    assert unknown.endswith("'hue' in its metadata. The fields are topic.")
    assert "holds objects" in fault(metadata_fields=["deep"])["metadata_fields"]
    many = [f"f{n}" for n in range(21)]
    assert "at most 20" in fault(metadata_fields=many)["metadata_fields"]
    assert "has tagged no item" in fault(tagger=machine)["tagger"]
    other = tag(make_pool(1), "other", {1: {"safety": "safe"}})
    assert "another project" in fault(tagger=other)["tagger"]
    assert not RoutingPolicy.objects.exists()


@live
def test_tags_cost_one_statement_a_window_and_so_does_metadata(
    pool: Project, machine: MachineAnnotator
) -> None:
    tag(pool, "tagger", {n: {"subjects": ["law"]} for n in range(1, 101)})
    describe_items(pool, lambda n: {"topic": "law"})
    policy = start(pool, machine, metadata_fields=["topic"])

    def n_statements() -> int:
        fresh = RoutingPolicy.objects.select_related("project").get(pk=policy.pk)
        with CaptureQueriesContext(connection) as seen:
            pairs_of(fresh)
        return len(seen)

    n_all = n_statements()
    MachineAnnotator.objects.filter(name="tagger").update(kind="judge")
    RoutingPolicy.objects.filter(pk=policy.pk).update(metadata_fields=[])
    assert n_statements() == n_all - 2


@live
def test_what_errs_by_subject_is_found_and_told(
    make_pool: MakePool,
    make_annotator: Callable[[Project], Participant],
) -> None:
    project = make_pool(160)
    truth = {n: 1 if n % 2 else -1 for n in range(1, 161)}
    is_law = {n: n % 8 in (1, 2) for n in truth}
    machine = make_machine(
        project, "ai", lookup({n: -s if is_law[n] else s for n, s in truth.items()})
    )
    tagger = tag(
        project,
        "tagger",
        {n: {"subjects": ["law" if is_law[n] else "art"]} for n in truth},
    )
    policy = start(project, machine, n_seed=60, judges=[])
    drawn = {n for n, r in routes_of(project).items() if r.source == "human"}
    answer_items(make_annotator(project), lambda n: truth[n] if n in drawn else None)
    run = fit(project)
    chosen = Decision.objects.filter(run=run, part="chosen").select_related("item")
    found = [is_law[one.item.number] for one in chosen]
    assert sum(found) >= 0.8 * min(len(found), 20)
    words = {reason["words"] for one in chosen for reason in one.reasons}
    assert "Subject: law." in words
    names = [one["name"] for one in run.figures["tags"]]
    assert names.index("tag subjects: law") < names.index("tag subjects: art")
    PreAnnotation.objects.filter(machine=tagger, item__number=1).update(metadata={})
    request_run(policy=policy, user=None, action="fit")
    again = RoutingRun.objects.get(job=run_newest(project))
    assert again.inputs_sha256 != run.inputs_sha256


# --- where a policy is set ---


@live
def test_page_interface_and_command_take_tags_and_the_model(
    pool: Project, machine: MachineAnnotator
) -> None:
    tagger = tag(pool, "tagger", {1: {"subjects": ["law"]}})
    describe_items(pool, lambda n: {"topic": "law", "deep": {"a": 1}})
    Membership.objects.create(project=pool, user=pool.created_by, role="owner")
    client = Client()
    client.force_login(pool.created_by)
    address = reverse("routing", args=[pool.slug])
    page = client.get(address).content.decode()
    assert 'name="metadata_fields" value="topic"' in page
    assert 'value="deep"' not in page
    sent = {
        "machine": str(machine.public_id),
        "n_seed": "40",
        "budget": "50%",
        "budget_unit": "share",
        "label_usd": "0.20",
        "strategy": "simulated",
        "ppm": "quadratic",
        "tagger": str(tagger.public_id),
        "metadata_fields": ["topic"],
    }
    assert client.post(address, sent).status_code == 302
    assert is_taken(pool, tagger)
    page = client.get(address).content.decode()
    assert "Quadratic, as in the paper" in page
    interface = f"/api/v1/projects/{pool.slug}/routing/"
    policy = client.get(interface).json()["policy"]
    kept = ("strategy", "ppm", "tagger", "metadata_fields")
    wanted = {name: policy[name] for name in kept}
    assert wanted["tagger"] == str(tagger.public_id)
    body = sent | wanted
    put = client.put(interface, body, content_type="application/json")
    assert put.status_code == 200, put.content
    assert is_taken(pool, tagger)
    more = ["--ppm", "quadratic", "--strategy", "simulated", "--tagger", "tagger"]
    command(pool, *more, "--metadata", "topic", "--label-usd", "0.2")
    assert is_taken(pool, tagger)
    assert RoutingPolicy.objects.count() == 3


def is_taken(project: Project, tagger: MachineAnnotator) -> bool:
    policy = RoutingPolicy.objects.get(project=project, ended_at=None)
    return (policy.strategy, policy.ppm, policy.tagger, policy.metadata_fields) == (
        "simulated",
        "quadratic",
        tagger,
        ["topic"],
    )


@live
def test_strength_of_a_preference_is_read(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    policy = start(pool, machine)
    values = {1: 3, 2: 1, 3: -2, 4: 0}
    answer_items(person, values.get)
    found = pairs_of(policy)
    assert found.pairs.grades is not None
    rows = {int(number): at for at, number in enumerate(found.numbers)}
    told_of = [found.pairs.grades[rows[n], 0] for n in values]
    assert told_of == pytest.approx([1.0, 1 / 3, -2 / 3, 0.0])
    assert [found.pairs.people[rows[n], 0] for n in values] == [1, 1, -1, 0]
