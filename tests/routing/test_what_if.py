"""What a budget buys: the curve, its files, the audit and the tags."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import MachineAnnotator
from routing.models import RoutingPolicy
from routing.selectors.learned import audited
from routing.selectors.what_if import BETTER, UNDECIDED, WORSE, curve_of
from tests.routing.conftest import start
from tests.routing.test_page import client_of
from tests.routing.told import figures, point, store_fit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def policy(machine: MachineAnnotator) -> RoutingPolicy:
    return start(machine.project, machine)


def page_of(policy: RoutingPolicy, told: dict[str, Any], query: str = "") -> str:
    store_fit(policy, told)
    return read(client_of(policy.project), policy, "routing", query)


def read(client: Client, policy: RoutingPolicy, name: str, query: str = "") -> str:
    response = client.get(reverse(name, args=[policy.project.slug]) + query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("lead", "verdict", "title"),
    [
        (0.06, BETTER, "4.5 points more right labels than by random choice"),
        (0.01, UNDECIDED, "Not distinguishable from random at this budget"),
        (-0.06, WORSE, "4.5 points fewer right labels than by random choice"),
    ],
)
def test_title_is_the_finding(lead: float, verdict: str, title: str) -> None:
    curve = curve_of(figures(lead))
    assert curve is not None
    assert (curve.verdict, curve.title) == (verdict, title)
    assert curve.shown.cost == "$20.00"


def test_same_quality_by_random_choice_is_priced() -> None:
    curve = curve_of(figures(0.06))
    assert curve is not None
    # 0.775 + 0.045 is what random choice reaches at 40 % of 400 items of $0.20.
    assert "about $32.00." in curve.by_random
    free = curve_of(figures(0.06, label_usd="0"))
    assert free is not None
    assert "about 160 items." in free.by_random
    undecided = curve_of(figures(0.01))
    assert undecided is not None
    assert undecided.by_random == ""


def test_other_budget_is_looked_at() -> None:
    curve = curve_of(figures(0.06), 0.52)
    assert curve is not None
    assert (curve.shown.share, curve.shown.n_items, curve.at) == (0.5, 200, 50)
    # 0.91 on an axis from 60 % to 100 %.
    assert curve.top == pytest.approx(22.5)


def test_curve_stays_within_its_axes() -> None:
    curve = curve_of(figures(0.06))
    assert curve is not None
    assert [tick.words for tick in curve.y_ticks] == [
        "60%",
        "70%",
        "80%",
        "90%",
        "100%",
    ]
    for path in (*curve.bands, *curve.lines):
        at = [float(one) for one in path.strip("MZ").replace("L", "").split()]
        assert all(0 <= one <= 100 for one in at)
    assert curve.lines[1].startswith("M0.00 75.00 ")
    assert curve.lines[1].endswith("L100.00 0.00")


def test_flat_curve_has_an_axis() -> None:
    flat = [point(share, 0) for share in (0.0, 1.0)]
    for one in flat:
        one["chosen"] = one["random"] = {"mean": 1.0, "low": 1.0, "high": 1.0}
    curve = curve_of(figures(curve=flat, here=None))
    assert curve is not None
    assert curve.shown.share == 1
    assert len(curve.y_ticks) > 1


def test_page_tells_what_was_learned(policy: RoutingPolicy) -> None:
    page = page_of(policy, figures(0.06))
    assert "4.5 points more right labels than by random choice" in page
    assert "Measured on 150 items of the seed" in page
    assert "Better than random." in page
    assert "second contradicts the AI" in page
    assert "too few errors to tell" in page
    assert "0.61" in page
    example = policy.project.items.get(number=1)
    assert reverse("item", args=[policy.project.slug, example.public_id]) in page


def test_page_is_honest_and_says_what_helps(policy: RoutingPolicy) -> None:
    page = page_of(policy, figures(0.01))
    assert "Not distinguishable from random at this budget" in page
    assert "A second judge would show where the AI may be wrong." in page
    assert "Better than random." not in page


def test_budget_in_the_address_is_looked_at(policy: RoutingPolicy) -> None:
    assert "At 50%: 200 items" in page_of(policy, figures(), "?at=0.50")
    client = client_of(policy.project)
    for nonsense in ("much", "7", "nan"):
        page = read(client, policy, "routing", f"?at={nonsense}")
        assert "At 25%: 100 items" in page


def test_what_a_fit_does_not_tell_is_left_out(policy: RoutingPolicy) -> None:
    told = figures(curve=[], here=None, tags=[], ppm=None, audit={"n": 7})
    page = page_of(policy, told | {"audit": {"n": 7, "is_suppressed": True}})
    assert "Too few labels to say what a budget buys" in page
    assert "7 items of the audit are labelled, too few for an estimate." in page
    assert "Where people change most and least" not in page
    assert "needs a seed of 200 labels" in page


def test_small_audit_is_not_told() -> None:
    assert audited({"n": 7, "is_suppressed": True}) == []
    assert audited({}) == []


def test_curve_is_downloaded_as_a_picture_and_as_a_table(policy: RoutingPolicy) -> None:
    store_fit(policy, figures(0.06))
    client = client_of(policy.project, "researcher")
    picture = read(client, policy, "routing_curve")
    assert picture.startswith("<svg")
    assert "4.5 points more" in picture
    assert "style=" not in picture
    rows = list(csv.DictReader(io.StringIO(read(client, policy, "routing_csv"))))
    assert len(rows) == 21
    assert (rows[5]["budget_fraction"], rows[5]["budget_items"]) == ("0.25", "100")
    assert float(rows[5]["gain"]) == pytest.approx(0.045)


@pytest.mark.parametrize("name", ["routing_curve", "routing_csv"])
def test_no_file_without_a_fit_or_a_seat(policy: RoutingPolicy, name: str) -> None:
    address = reverse(name, args=[policy.project.slug])
    assert client_of(policy.project).get(address).status_code == 404
    store_fit(policy, figures())
    assert client_of(policy.project, "annotator").get(address).status_code == 404
