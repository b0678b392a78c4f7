"""A routed project as a data set with one label for each item."""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.package import FolderPackage
from annotation.models import FrontierEntry, Item, Route
from annotation.services.datasets import WrittenDataset, write_dataset
from routing.pair_file import Columns, read_pairs
from routing.services.due import refresh_due
from tests.models.people import answer_items
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    lookup,
    make_machine,
    routes_of,
    run_newest,
    start,
)
from tests.routing.live_worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
N = 80
SIDE = {1: "a", -1: "b", 0: "tie"}
Rows = dict[str, dict[str, Any]]
Export = Callable[..., tuple[Rows, WrittenDataset]]


@pytest.fixture
def world(make_pool: MakePool, make_annotator: MakeAnnotator) -> World:
    """Return a world of 80 items: 40 of the seed, 20 for people, 20 for the AI."""
    project = make_pool(N)
    found = make_world(project, make_annotator(project), false_alarm=0.3)
    start(project, found.machine, budget=Decimal("0.75"))
    found.label_seed()
    assert refresh_due() != []
    run_newest(project)
    return found


def write_rows(
    world: World, folder: Path, form: str = "sides", **options: Any
) -> tuple[Rows, WrittenDataset]:
    """Write a hybrid data set; return its rows by the item's external id."""
    given = {"format": form, "labels_from": "hybrid", "audit": "keep", **options}
    written = write_dataset(
        project=world.project,
        options=parse_options(given),
        package=FolderPackage(folder),
        salt=b"the same salt every time",
        on_progress=lambda done, total: None,
    )
    path = folder / written.tables[0].path
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    found = {row["item_external_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found, written


@pytest.fixture
def export(world: World, tmp_path: Path) -> Export:
    """Write a hybrid data set of the routed world."""

    def write(form: str = "sides", **options: Any) -> tuple[Rows, WrittenDataset]:
        folder = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        return write_rows(world, folder, form, **options)

    return write


def label_the_rest(world: World) -> None:
    """Let people answer all that is theirs and has no answer."""
    open_ = FrontierEntry.objects.filter(
        project=world.project, n_taken=0, is_routed_away=False
    )
    numbers = set(open_.values_list("item__number", flat=True))
    says = {n: side for n, side in world.truth.items() if n in numbers}
    answer_items(world.person, says.get)


def test_each_item_has_one_label_with_its_decision(
    world: World, export: Export
) -> None:
    label_the_rest(world)
    rows, written = export()
    routes, counts = routes_of(world.project), written.hybrid
    assert len(rows) == N
    assert counts is not None
    assert (counts.of("human"), counts.of("ai"), counts.n_audit) == (60, 20, 10)
    for item in Item.objects.filter(project=world.project):
        row, route = rows[item.external_id], routes[item.number]
        truth = SIDE[world.truth[item.number]]
        assert row["label_source"] == route.source
        assert row["route_part"] == route.part
        assert (row["route_policy"], row["route_run"]) == (1, str(route.run))
        assert row["route_gain"] == route.gain
        assert row["route_reasons"] == [one["words"] for one in route.reasons]
        assert row["ai_annotator"] == "ai"
        is_wrong = row["ai_label"] != truth
        assert is_wrong == (item.number in world.wrong)
        if route.source == "human":
            assert (row["label"], row["people_label"]) == (truth, truth)
            assert row["label_is_complete"]
            is_drawn = route.part in ("seed", "audit", "reserve")
            assert row["ipw"] == (1 / (route.propensity or 0) if is_drawn else None)
        else:
            assert (row["label"], row["people_label"]) == (row["ai_label"], None)
            assert row["ipw"] is None
        assert (row["split"] == "audit") == (route.part == "audit")
    assert "Routing policy 1: AI annotator `ai`" in written.card
    assert "Fits applied: 1." in written.card
    rows, written = export("trl_preference", audit="leave_out")
    assert written.hybrid is not None
    assert +written.hybrid.left_out == {"audit": 10}
    assert {row["split"] for row in rows.values()} == {"train"}
    assert "left out: of the audit" in written.card


def test_label_changes_hands_when_people_take_over(
    world: World, export: Export
) -> None:
    taken = next(r for r in routes_of(world.project).values() if r.source == "ai")
    before = export()[0][taken.item.external_id]
    assert (before["label_source"], before["route_part"]) == ("ai", "rest")
    Route.objects.filter(pk=taken.pk).update(
        source="human", part="by_hand", policy=None, run=None, reason="Too hard."
    )
    number = taken.item.number
    answer_items(world.person, lambda n: 0 if n == number else None)
    row = export()[0][taken.item.external_id]
    assert (row["label_source"], row["label"]) == ("human", "tie")
    assert (row["route_part"], row["route_reason"]) == ("by_hand", "Too hard.")
    assert (row["ai_label"], row["ipw"]) == (before["ai_label"], None)


def test_routed_anew_the_label_is_that_of_the_new_policys_machine(
    world: World, export: Export
) -> None:
    said = {number: -side for number, side in world.truth.items()}
    other = make_machine(world.project, "other", lookup(said))
    start(world.project, other, strategy="random")
    rows, written = export()
    by_policy = Counter(
        (row["route_policy"], row["label_source"], row["ai_annotator"])
        for row in rows.values()
    )
    assert by_policy == {(1, "human", "ai"): 40, (2, "ai", "other"): 40}
    for item in Item.objects.filter(project=world.project):
        row = rows[item.external_id]
        if row["label_source"] == "ai":
            assert row["label"] == SIDE[said[item.number]]
    assert written.hybrid is not None
    assert [one.number for one in written.hybrid.policies] == [1, 2]


def test_what_people_answered_before_the_policy_is_of_its_seed_and_audit(
    make_pool: MakePool, make_annotator: MakeAnnotator, tmp_path: Path
) -> None:
    project = make_pool(N)
    world = make_world(project, make_annotator(project))
    answer_items(world.person, lambda n: world.truth[n] if n <= 50 else None)
    start(project, world.machine)
    rows, _ = write_rows(world, tmp_path / "set")
    assert not Route.objects.filter(project=project, part="seed").exists()
    parts = Counter((r["route_part"], r["ipw"]) for r in rows.values())
    assert parts == {
        ("seed", 2.0): 30,
        ("audit", 2.0): 10,
        ("none", None): 10,
        ("rest", None): 30,
    }


def test_command_writes_what_the_simulation_reads(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "export_dataset",
        *("--project", world.project.slug, "--format", "trl_preference"),
        *("--labels-from", "hybrid"),
    ]
    call_command(*given, "--out", str(tmp_path / "set"))
    assert "labels: people 30, AI 40, left out as audit 10" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Choose one of ai, second"):
        call_command(*given, "--out", str(tmp_path / "no"), "--machine", "nobody")
    assert not (tmp_path / "no").exists()
    label_the_rest(world)
    given[4] = "sides"
    call_command(*given, "--audit", "keep", "--out", str(tmp_path / "s"))
    path = tmp_path / "s/data/sides/train-00000-of-00001.jsonl"
    columns = Columns(people=("people_label",), ai="ai_label", group="item_id")
    read = read_pairs(path, columns)
    assert (read.pairs.n, read.n_without_people, read.n_without_ai) == (60, 20, 0)
