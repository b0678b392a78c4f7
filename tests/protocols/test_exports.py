"""Both protocols in exports, in figures, and after a withdrawal."""

from collections import defaultdict
from typing import Any

import pytest

from annotation.agreement.protocols import cross_table
from annotation.models import Assignment, FrontierEntry, Project, ProtocolPair
from annotation.selectors.dashboard import answers_so_far
from annotation.selectors.habits import Protocols, habit_page
from annotation.selectors.own_work import n_left_for
from annotation.services.charts import refresh
from annotation.services.exports import stream_annotations
from annotation.services.frontier import rebuild_frontier
from annotation.services.withdrawals import withdraw
from tests.checks.test_exports import tables
from tests.protocols.conftest import (
    SECOND,
    MakeAnnotator,
    MakePool,
    answer,
    ask_twice,
    claim,
    work,
    work_until_reserved,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(make_pool: MakePool, make_annotator: MakeAnnotator) -> Project:
    """Return a project where two people have answered all, now and then unlike."""
    project = make_pool(12, overlap=2)
    ask_twice(project)
    for person in (make_annotator(project), make_annotator(project)):
        n = 0
        while (found := claim(person)) is not None:
            is_second = found.purpose == SECOND
            answer(found, sign=-1 if is_second and n % 3 == 0 else 1)
            n += is_second
    return project


def pairs_of(rows: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        assert row["purpose"] not in found[row["pair"]]
        found[row["pair"]][row["purpose"]] = row
    return dict(found)


def test_raw_export_has_every_pair_with_its_order(study: Project) -> None:
    pairs = pairs_of(tables(study, format="raw")["protocols"])
    assert len(pairs) == 24
    for one in pairs.values():
        main, second = one["main"], one[SECOND]
        assert main["annotator"] == second["annotator"]
        assert main["item_id"] == second["item_id"]
        assert (main["protocol"], second["protocol"]) == ("comparison", "rating")
        assert main["is_first"] is not second["is_first"]
        assert main["comes_first"] == second["comes_first"]
        came = min(one, key=lambda purpose: one[purpose]["created_at"])
        assert one[came]["is_first"]
        assert sorted(second["order_shown"]) == [0, 1]


def test_a_report_made_of_the_export_is_what_the_page_says(study: Project) -> None:
    pairs = pairs_of(tables(study, format="raw")["protocols"])
    table = cross_table(
        ({(0, 1): one[SECOND]["side"]}, {(0, 1): one["main"]["side"]})
        for one in pairs.values()
    )
    refresh(project=study)
    found = habit_page(study).protocols
    assert found is not None
    assert found.table == table.tolist()
    assert 0 < found.share < 1


def test_no_other_table_or_format_takes_the_second_protocol_for_data(
    study: Project,
) -> None:
    found = tables(study, format="raw")
    assert {row["purpose"] for row in found["annotations"]} == {"main"}
    assert len(found["annotations"]) == 24
    pairs = tables(study, format="trl_preference")["trl_preference"]
    assert len(pairs) <= 24
    lines = b"".join(stream_annotations(study)).splitlines()
    assert len(lines) == 24
    assert answers_so_far(study) == 24


def test_a_project_without_a_second_protocol_has_no_such_table(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(3)
    work(make_annotator(project), 9)
    assert "protocols" not in tables(project, format="raw")
    refresh(project=project)
    page = habit_page(project)
    assert (page.protocols, page.has_protocols) == (None, False)


def test_figures_say_nothing_before_the_first_pair(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(9)
    ask_twice(project)
    work(make_annotator(project), 2)
    refresh(project=project)
    page = habit_page(project)
    assert (page.protocols, page.has_protocols) == (None, True)


def test_words_of_the_card() -> None:
    found = Protocols(
        table=[[19, 10, 8], [6, 26, 9], [11, 7, 21]],
        n=117,
        n_people=9,
        share=66 / 117,
        low=0.45,
        high=0.66,
        n_decisive=59,
        decisive=40 / 59,
        chance=0.335,
    )
    assert found.words == "56 % (45 to 66)"
    assert "Surely more" in found.finding
    assert found.decisive_words == "68 %"
    depths = [[cell.depth for cell in cells] for _, cells in found.rows]
    assert depths == [[3, 2, 2], [1, 4, 2], [2, 2, 4]]


def test_who_withdraws_leaves_no_pair_and_frees_what_was_reserved(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(20)
    ask_twice(project)
    person = make_annotator(project)
    work_until_reserved(person)
    withdraw(participant=person)
    assert not ProtocolPair.objects.exists()
    assert set(Assignment.objects.values_list("state", flat=True)) == {"withdrawn"}
    entries = FrontierEntry.objects.filter(project=project)
    assert set(entries.values_list("n_taken", "n_counted")) == {(0, 0)}
    assert rebuild_frontier(project=project) == 0
    found = tables(project, format="raw")
    assert found["annotations"] == []
    assert "protocols" not in found


def test_what_is_left_counts_both_forms(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(6)
    ask_twice(project)
    person = make_annotator(project)
    left = []
    while (found := claim(person)) is not None:
        left.append(n_left_for(person, project))
        answer(found)
    assert left == list(range(12, 0, -1))
    assert n_left_for(person, project) == 0
