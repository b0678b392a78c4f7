"""For owners: edit the guidelines and the consent text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation import access
from annotation.access import Seat
from annotation.consent import MANNERS, covered, never_released
from annotation.errors import InvalidError
from annotation.people_templates import (
    CONSENT_SCOPES,
    CONSENT_TEXT,
    PEOPLE_TEMPLATES,
)
from annotation.selectors.met import guidelines_are_met
from annotation.selectors.profile import current_consent
from annotation.services.versions import (
    consent_is_met,
    publish_consent,
    publish_guidelines,
)
from annotation.views.card_editor import read_cards, show_cards
from annotation.views.card_kinds import SCOPE_KINDS
from annotation.views.person import person
from annotation.views.project_text import project_html
from annotation.views.settings_common import METHODS, OWNERS, said, settings_context
from annotation.words import gettext as _


@require_http_methods(METHODS)
@login_required
def settings_guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the guidelines in Markdown."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    version = seat.project.current_guidelines()
    text = version.text if version else ""
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        if request.POST.get("do") == "save":
            published = publish_guidelines(
                project=seat.project, user=person(request), text=text
            )
            messages.success(request, said("guidelines", published))
            return redirect("settings_guidelines", slug)
    context = settings_context(seat, "guidelines") | {
        "version": version,
        "is_met": version is not None and guidelines_are_met(seat.project, version),
        "text": text,
        "html": project_html(text),
        "is_changed": text.strip() != (version.text if version else "").strip(),
    }
    return render(request, "annotation/people/settings_guidelines.html", context)


@require_POST
@login_required
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Return Markdown as people will see it."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    context = {
        "html": project_html(request.POST.get("text", "")),
        "project": seat.project,
    }
    return render(request, "annotation/people/preview.html", context)


@dataclass(frozen=True)
class ConsentDraft:
    """A consent document as the form holds it."""

    text: str
    scopes: Sequence[Mapping[str, Any]]
    on_withdrawal: str


@require_http_methods(METHODS)
@login_required
def settings_consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the consent text, its scopes, and what a withdrawal does."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    current = current_consent(seat.project)
    manner = current.on_withdrawal if current else "erase"
    if request.method != "POST":
        text = current.text if current else CONSENT_TEXT
        scopes = current.scopes if current else CONSENT_SCOPES
        return _consent_page(request, seat, ConsentDraft(text, scopes, manner))
    read = read_cards(request.POST, "scopes", SCOPE_KINDS)
    draft = ConsentDraft(
        request.POST.get("text", ""),
        read.cards,
        request.POST.get("on_withdrawal", manner),
    )
    do = request.POST.get("do", "")
    template = PEOPLE_TEMPLATES.get(do.removeprefix("template:"))
    if template and do.startswith("template:"):
        draft = replace(draft, text=template.consent_text, scopes=template.scopes)
        return _consent_page(request, seat, draft)
    if do != "save":
        return _consent_page(
            request, seat, draft, focus=read.focus, removed=read.removed
        )
    try:
        published = publish_consent(
            project=seat.project,
            user=person(request),
            text=draft.text,
            scopes=read.cards,
            on_withdrawal=draft.on_withdrawal,
        )
    except InvalidError as error:
        return _consent_page(
            request,
            seat,
            draft,
            removed=read.removed,
            fault=error.message,
            status=422,
        )
    messages.success(request, said("consent", published))
    return redirect("settings_consent", slug)


def _consent_page(
    request: HttpRequest,
    seat: Seat,
    draft: ConsentDraft,
    *,
    focus: str = "",
    removed: str = "",
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    current = current_consent(seat.project)
    context = settings_context(seat, "consent") | {
        "is_changed": request.method == "POST",
        "version": current,
        "is_met": current is not None and consent_is_met(current),
        "text": draft.text,
        "html": project_html(draft.text),
        "editor": show_cards(draft.scopes, "scopes", SCOPE_KINDS),
        "manners": {name: _(words) for name, words in MANNERS.items()},
        "on_withdrawal": draft.on_withdrawal,
        "never": never_released(draft.scopes),
        "is_divided": bool(covered(draft.scopes)),
        "focus": focus,
        "removed": removed,
        "fault": fault,
    }
    name = "annotation/people/settings_consent.html"
    return render(request, name, context, status=status)
