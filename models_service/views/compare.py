"""The page that holds two machine annotators against each other."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from annotation.models import MachineAnnotator
from models_service.selectors.side_by_side import newest_with_verdicts, side_by_side
from models_service.selectors.trust_page import Estimate, coefficient, share
from models_service.versus import Versus
from models_service.views.machines import base_context

SAID = {
    1: gettext_lazy("A is better"),
    0: gettext_lazy("tie"),
    -1: gettext_lazy("B is better"),
}


@login_required
@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where two machine annotators agree: `a` and `b`, else the newest two."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    found = MachineAnnotator.objects.filter(project=seat.project)
    offered = list(
        found.exclude(kind=MachineAnnotator.Kind.TAGGER).order_by("name", "-number")
    )
    first = _named(seat, request.GET.get("a"))
    second = _named(seat, request.GET.get("b"))
    if not request.GET:
        first, second = newest_with_verdicts(seat.project)
    context = base_context(seat) | {
        "offered": offered,
        "first": first,
        "second": second,
        "words": SAID.values(),
    }
    if first and second and first != second:
        told = side_by_side(first, second)
        context |= {
            "told": told,
            "shown": _shown(told.figures),
            "rows": list(zip(SAID.values(), told.table, strict=True)),
            "differing": [
                (one, SAID[one.first], SAID[one.second]) for one in told.differing
            ],
        }
    return render(request, "models_service/compare.html", context)


def _shown(found: Versus) -> dict[str, Estimate]:
    """Return the figures in words, those of too few items as such."""
    n, n_labelled = found.n_items, found.n_labelled
    return {
        "alike": share(found.alike, n=n),
        "kappa": coefficient(found.kappa, n=n),
        "first": share(found.first, n=n_labelled),
        "second": share(found.second, n=n_labelled),
    }


def _named(seat: Seat, text: str | None) -> MachineAnnotator | None:
    if not text:
        return None
    try:
        return access.machine(seat, uuid.UUID(text))
    except ValueError as error:
        raise NotFoundError from error
