"""What a budget buys: the curve, what stands beside it, its files, audit and tags."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import MachineAnnotator
from routing.models import RoutingPolicy
from routing.selectors.budget import Pool, asked_size, pool_of
from routing.selectors.drawing import draw
from routing.selectors.estimates import BETTER, NOTHING, UNDECIDED, WORSE
from routing.selectors.learned import audited, tags_csv
from routing.selectors.what_if import WhatIf, what_if
from tests.routing.conftest import start
from tests.routing.test_page import client_of
from tests.routing.told import figures, point, show_decisions, store_fit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def policy(machine: MachineAnnotator) -> RoutingPolicy:
    return start(machine.project, machine)


def looked(told: dict[str, Any], n_items: int | None = None) -> WhatIf:
    """Return what a budget buys, that of the policy or another."""
    size = pool_of(told).size(told["n_human"] if n_items is None else n_items)
    found = what_if(told, size)
    assert found is not None
    return found


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
    found = looked(figures(lead))
    assert (found.verdict, found.title) == (verdict, title)
    assert found.size.usd == "$20.00"


@pytest.mark.parametrize("n_items", [0, 400])
def test_where_all_go_one_way_there_is_nothing_to_choose(n_items: int) -> None:
    found = looked(figures(0.06), n_items)
    assert found.verdict == NOTHING
    assert found.n_to_tell is None


def test_same_quality_by_random_choice_is_priced() -> None:
    # 0.775 + 0.045 is what random choice reaches at 40 % of 400 items of $0.20.
    assert "about $32.00." in looked(figures(0.06)).by_random
    assert "about 160 items." in looked(figures(0.06, label_usd="0")).by_random
    assert looked(figures(0.01)).by_random == ""


def test_labels_that_would_tell_are_counted() -> None:
    # The half of the interval is three times the gain: nine times the labels.
    assert looked(figures(0.01)).n_to_tell == pytest.approx(1350, abs=50)
    assert looked(figures(0.0)).n_to_tell is None
    assert looked(figures(0.06)).n_to_tell is None


def test_other_budget_is_looked_at_between_the_points() -> None:
    told = figures(0.06)
    found = looked(told, 210)
    assert (found.size.share, found.size.usd) == (0.525, "$42.00")
    right = [one["chosen"]["mean"] for one in told["curve"][10:12]]
    assert found.point.right.mean == pytest.approx(sum(right) / 2)
    assert draw(found).at == pytest.approx(52.5)


@pytest.mark.parametrize(
    ("asked", "n_items"),
    [
        ({"usd": "$42.10"}, 210),
        ({"usd": "1,000"}, 400),
        ({"items": "7"}, 7),
        ({"at": "0.5"}, 200),
        ({"usd": "much"}, 100),
        ({"items": "-3"}, 100),
        ({"at": "7"}, 100),
        ({"at": "nan"}, 100),
        ({"items": "9" * 50}, 100),
        ({}, 100),
    ],
)
def test_size_is_read_from_the_address(asked: dict[str, str], n_items: int) -> None:
    pool = Pool(400, Decimal("0.2"))
    assert asked_size(pool, asked, 100).n_items == n_items


def test_money_means_nothing_where_labels_have_no_price() -> None:
    pool = Pool(400, Decimal(0))
    assert asked_size(pool, {"usd": "5"}, 100).n_items == 100
    assert (pool.size(3).usd, pool.size(3).field) == ("", "3")


def test_curve_stays_within_its_axes() -> None:
    drawing = draw(looked(figures(0.06)))
    words = [tick.words for tick in drawing.y_ticks]
    assert words == ["60%", "70%", "80%", "90%", "100%"]
    money = ["$0", "$20", "$40", "$60", "$80"]
    assert [tick.words for tick in drawing.x_ticks] == money
    assert [one.look for one in drawing.strokes] == ["oracle", "base", "main"]
    for one in drawing.strokes:
        for path in filter(None, (one.path, one.band)):
            at = [float(n) for n in path.strip("MZ").replace("L", "").split()]
            assert all(0 <= n <= 100 for n in at)
    random = drawing.strokes[1].path
    assert random.startswith("M0.00 75.00 ")
    assert random.endswith("L100.00 0.00")


def test_flat_curve_has_an_axis() -> None:
    flat = [point(share, 0) for share in (0.0, 1.0)]
    for one in flat:
        one["chosen"] = one["random"] = {"mean": 1.0, "low": 1.0, "high": 1.0}
    told = figures(curve=flat, here=None, baselines={})
    assert len(draw(looked(told)).y_ticks) > 1


def test_page_tells_what_was_learned(policy: RoutingPolicy) -> None:
    page = page_of(policy, figures(0.06))
    assert "4.5 points more right labels than by random choice" in page
    assert "Measured on 150 items of the seed" in page
    assert "Better than random." in page
    assert "second contradicts the AI" in page
    assert "too few errors to tell" in page
    assert "0.61" in page
    assert "+4.0" in page
    example = policy.project.items.get(number=1)
    assert reverse("item", args=[policy.project.slug, example.public_id]) in page
    assert example.messages[-1]["content"][:40] in page


def test_page_sets_every_way_to_choose_beside(policy: RoutingPolicy) -> None:
    page = page_of(policy, figures(0.06))
    for words in (
        "Judges who disagree",
        "As in the paper",
        "Oracle: knows every error",
    ):
        assert words in page
    assert "Performance prediction needs a seed of 200 items." in page
    assert page.count('<path class="line-disagreement"') == 1
    shown = read(
        client_of(policy.project), policy, "routing", "?shown=1&show=disagreement"
    )
    assert shown.count('<path class="line-disagreement"') == 2
    assert shown.count('<path class="line-oracle"') == 1


def test_page_is_honest_and_says_what_helps(policy: RoutingPolicy) -> None:
    page = page_of(policy, figures(0.01))
    assert "Not distinguishable from random at this budget" in page
    assert "A second judge would show where the AI may be wrong." in page
    assert "labels in the seed would tell a difference as large as this one" in page
    assert "Better than random." not in page


def test_budget_in_the_address_is_looked_at(policy: RoutingPolicy) -> None:
    assert "At $40.00" in page_of(policy, figures(), "?at=0.50")
    client = client_of(policy.project)
    for nonsense in ("at=much", "at=7", "usd=nan", "show=nothing&shown=1"):
        assert "At $20.00" in read(client, policy, "routing", f"?{nonsense}")


def test_what_a_fit_does_not_tell_is_left_out(policy: RoutingPolicy) -> None:
    told = figures(curve=[], here=None, baselines={}, tags=[], ppm=None, examples={})
    page = page_of(policy, told | {"audit": {"n": 7, "is_suppressed": True}})
    assert "Too few labels to say what a budget buys" in page
    assert "7 items of the audit are labelled, too few for an estimate." in page
    assert "People change most" not in page
    assert "needs a seed of 200 labels" in page


def test_fit_of_an_earlier_version_is_still_shown(policy: RoutingPolicy) -> None:
    told = figures(0.06)
    for name in ("baselines", "examples"):
        del told[name]
    for one in told["tags"]:
        for name in ("lift", "gain_low", "gain_high", "least"):
            del one[name]
    page = page_of(policy, told)
    assert "4.5 points more right labels than by random choice" in page
    assert "Beside every other way to choose" not in page
    read(client_of(policy.project), policy, "routing_csv")
    read(client_of(policy.project), policy, "routing_tags_csv")


def test_small_audit_is_not_told() -> None:
    assert audited({"n": 7, "is_suppressed": True}) == []
    assert audited({}) == []


def test_curve_is_downloaded_as_a_picture_and_as_a_table(policy: RoutingPolicy) -> None:
    store_fit(policy, figures(0.06))
    client = client_of(policy.project, "researcher")
    picture = read(client, policy, "routing_curve")
    assert picture.startswith("<svg")
    assert "4.5 points more" in picture
    assert "Oracle: knows every error" in picture
    assert "style=" not in picture
    other = read(client, policy, "routing_curve", "?usd=40&shown=1&show=paper")
    assert "At $40.00" in other
    assert "As in the paper" in other
    assert "Oracle" not in other
    rows = list(csv.DictReader(io.StringIO(read(client, policy, "routing_csv"))))
    assert len(rows) == 21
    assert (rows[5]["budget_fraction"], rows[5]["budget_items"]) == ("0.25", "100")
    assert float(rows[5]["gain"]) == pytest.approx(0.045)
    assert float(rows[5]["oracle"]) > float(rows[5]["chosen"])
    assert (rows[5]["paper"], float(rows[4]["paper"]) > 0) == ("", True)
    assert "top_k" not in rows[0]


def test_tags_are_downloaded_as_a_picture_and_as_a_table(policy: RoutingPolicy) -> None:
    store_fit(policy, figures(0.06))
    client = client_of(policy.project, "researcher")
    picture = read(client, policy, "routing_tags")
    assert "People change most: second contradicts the AI" in picture
    assert "style=" not in picture
    rows = list(csv.DictReader(io.StringIO(read(client, policy, "routing_tags_csv"))))
    assert [row["tag"] for row in rows][:2] == ["second: opposite", "cosine: high"]
    assert float(rows[0]["lift"]) > 0 > float(rows[-1]["lift"])
    assert float(rows[0]["slope"]) == pytest.approx(0.004)


def test_no_tag_becomes_a_formula() -> None:
    told = figures(0.06)
    told["signals"] = ["=1+1"]
    told["tags"][0]["name"] = "=1+1: opposite"
    row = next(csv.DictReader(io.StringIO(tags_csv(told))))
    assert row["tag"] == "'=1+1: opposite"
    assert row["words"] == "'=1+1 contradicts the AI"


FILES = ["routing_curve", "routing_csv", "routing_tags", "routing_tags_csv"]


@pytest.mark.parametrize("name", FILES)
def test_no_file_without_a_fit_or_a_seat(policy: RoutingPolicy, name: str) -> None:
    address = reverse(name, args=[policy.project.slug])
    assert client_of(policy.project).get(address).status_code == 404
    store_fit(policy, figures())
    assert client_of(policy.project, "annotator").get(address).status_code == 404


def test_decisions_that_show_a_fit_stand_with_their_reasons(
    policy: RoutingPolicy,
) -> None:
    show_decisions(store_fit(policy, figures()))
    page = read(client_of(policy.project), policy, "routing")
    assert "People change least here" in page
    assert "Expected gain 70.0% (35.0% to 91.0%)." in page
    assert page.count("Another judge contradicts the AI label.") == 6


def test_items_have_prices_of_their_own() -> None:
    told = figures(0.06, prices={"n_items": [0, 200, 400], "usd": [0.0, 20.0, 80.0]})
    pool = pool_of(told)
    assert (pool.usd_of(100), pool.usd_of(300)) == (Decimal(10), Decimal(50))
    assert [pool.items_for(Decimal(usd)) for usd in (10, 50, 900)] == [100, 300, 400]
    assert pool.whole_usd == Decimal(80)
    # By lot they cost the mean of all.
    assert "about $32.00." in looked(told).by_random
    again = figures(0.06, prices=told["prices"], n_bought=40, n_open=360)
    assert pool_of(again).costs == ()
