"""What a fit really tells is what the page, its files and the interface show."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from annotation.models import Participant, Project, Route
from routing.models import AuditReport, RoutingRun
from routing.services.by_hand import request_by_hand
from tests.routing.conftest import run_newest, start
from tests.routing.live_worlds import make_world
from tests.routing.test_page import client_of, user_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_page_shows_a_fit_and_the_item_its_reasons(
    make_pool: Callable[..., Project],
    make_annotator: Callable[[Project], Participant],
) -> None:
    project = make_pool(240)
    world = make_world(project, make_annotator(project))
    start(project, world.machine, n_seed=100)
    world.label_seed()
    request_by_hand(project=project, user=user_of(project, "owner"))
    run_newest(project)
    figures = RoutingRun.objects.get(kind="fit").figures
    client = client_of(project)
    response = client.get(reverse("routing", args=[project.slug]))
    page = response.content.decode()
    found = response.context["what_if"]
    shares = {one["budget"] for one in [*figures["curve"], figures["here"]]}
    assert {point.share for point in found.chosen.points} == shares
    assert found.title in page
    assert found.point.gain.mean == pytest.approx(
        figures["here"]["gain"]["mean"], abs=1e-4
    )
    lacking = [one.name for one in found.beside if one.reason]
    assert lacking == ["confidence", "top_k", "paper"]
    assert "Decisions that show it" in page
    assert "second contradicts the AI" in page
    assert "What the audit says" in page
    assert response.context["audits"][0].estimate.mean == pytest.approx(
        AuditReport.objects.get().figures["agreement"]["mean"]
    )
    picture = client.get(reverse("routing_curve", args=[project.slug]))
    assert found.title in picture.content.decode()
    chosen = Route.objects.filter(project=project, part="chosen").select_related("item")
    item = chosen.exclude(reasons=[]).order_by("-gain", "item__number")[0].item
    shown = client.get(reverse("item", args=[project.slug, item.public_id]))
    assert "Another judge contradicts the AI label." in shown.content.decode()
