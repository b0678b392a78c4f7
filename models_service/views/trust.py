"""The page on how far a machine annotator can be trusted, and its files."""

import json
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import access
from annotation.words import gettext as _
from models_service.calibration import ENOUGH_ITEMS
from models_service.cells import MIN_STRATUM_PEOPLE, MIN_TAG_ITEMS
from models_service.selectors import trust_page
from models_service.selectors.trust import Trust, interval, shared_figures, trust_of
from models_service.selectors.trust_rows import trust_csv
from models_service.services.reports import request_report
from models_service.trust import MIN_COMMON
from models_service.weight import MAX_FLIP_SHARE


@login_required
@require_safe
def trust(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show how far one version of a machine annotator agrees with people."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    machine = access.machine(seat, public_id)
    found = trust_of(machine)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "machines",
        "machine": machine,
        "trust": found,
        "is_awaited": found is None or found.requested_at is not None,
        "least": {
            "enough": ENOUGH_ITEMS,
            "tag": MIN_TAG_ITEMS,
            "people": MIN_STRATUM_PEOPLE,
            "common": MIN_COMMON,
            "flips": round(100 * MAX_FLIP_SHARE),
        },
    }
    if found is not None:
        context |= _told(found)
    return render(request, "models_service/trust.html", context)


def _told(trust: Trust) -> dict[str, Any]:
    figures, n = trust.figures, trust.n_items
    with_judge = interval(figures["alpha_with_judge"])
    people = trust_page.people_of(trust)
    calibration = figures["calibration"]
    return {
        "figures": figures,
        "agreement": trust_page.share(trust.agreement, n=n),
        "kappa": trust_page.coefficient(trust.kappa, n=n),
        "alpha_people": trust_page.coefficient(interval(figures["alpha_people"]), n=n),
        "alpha_with": trust_page.coefficient(with_judge, n=n),
        "decisive": trust_page.share(interval(figures["decisive"]), n=n),
        "one_order": trust_page.share(interval(figures["one_order"]), n=n),
        "of_all": trust_page.share(interval(figures["of_all"]), n=n),
        "lines": trust_page.lines_of(trust),
        "finding": trust_page.finding_of(trust),
        "flips": trust_page.share(trust.position.flips),
        "pull": trust_page.number(trust.position.mean_bias),
        "length": {
            "coefficient": trust_page.number(
                interval(figures["length"]["coefficient"])
            ),
            "judge": trust_page.share(interval(figures["length"]["judge_longer"]), n=n),
            "people": trust_page.share(
                interval(figures["length"]["people_longer"]), who="human", n=n
            ),
        },
        "tags": trust_page.groups_of(figures["tags"]),
        "strata": trust_page.groups_of(figures["strata"]),
        "people": people,
        "replaced": trust_page.replaced_in_words(people),
        "others": trust_page.others_of(trust),
        "calibration": calibration,
        **(_calibration(calibration) if calibration else {}),
    }


def _calibration(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "ece_before": trust_page.small(interval(told["ece_before"])),
        "ece_after": trust_page.small(interval(told["ece_after"])),
        "bars_before": trust_page.bars_of(told["bars_before"]),
        "bars_after": trust_page.bars_of(told["bars_after"]),
        "calibration_words": trust_page.calibration_in_words(told),
    }


@login_required
@require_POST
def trust_refresh(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Ask for the figures anew."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    request_report(machine=access.machine(seat, public_id))
    messages.success(request, _("A worker computes the figures anew."))
    return redirect("machine_trust", slug, public_id)


@login_required
@require_safe
def trust_file(
    request: HttpRequest, slug: str, public_id: uuid.UUID, kind: str
) -> HttpResponse:
    """Give the figures as a file: one line for each in CSV, or all as JSON."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    machine = access.machine(seat, public_id)
    found = trust_of(machine)
    if found is None:
        return redirect("machine_trust", slug, public_id)
    if kind == "csv":
        response = HttpResponse(
            trust_csv(found), content_type="text/csv; charset=utf-8"
        )
    else:
        text = json.dumps(shared_figures(found), indent=1, ensure_ascii=False)
        response = HttpResponse(text, content_type="application/json")
    name = f"report-{slug}-{machine.public_id}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
