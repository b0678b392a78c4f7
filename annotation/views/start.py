"""Before the first item: consent and a short profile, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.consent import MANNERS, ScopeChange, scope_changes
from annotation.errors import ConflictError, InvalidError
from annotation.models import ConsentDocument, ConsentRecord, SurveyVersion
from annotation.recruiting import PROVIDERS
from annotation.rendering.changes import Piece, changes
from annotation.selectors.consent import last_word
from annotation.selectors.enrolments import own_enrolment
from annotation.selectors.profile import (
    consent_in_force,
    current_consent,
    current_survey,
    told_before,
)
from annotation.services.participants import ensure_participant, refuse, take_part
from annotation.surveys import Reply, SurveyQuestion, parse_survey, read_replies
from annotation.views.person import person
from annotation.views.project_text import project_html
from annotation.views.survey_page import PREFIX, show_survey, survey_context
from annotation.words import gettext as _

AGREE = gettext_lazy(
    "Not every box that is needed to take part is ticked. Tick it, or choose "
    "“I do not agree” below."
)
CHANGED = gettext_lazy(
    "The text or the questions have changed meanwhile. Look at them once more."
)


@dataclass(frozen=True)
class Given:
    """What the person sent, or what is stored from before."""

    scopes: frozenset[str] = frozenset()
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    banner: str = ""
    is_sent: bool = True


@dataclass(frozen=True)
class Texts:
    """The consent and the survey in force."""

    consent: ConsentDocument
    survey: SurveyVersion
    questions: tuple[SurveyQuestion, ...]

    @property
    def required(self) -> frozenset[str]:
        """Return the scopes without which nobody can take part."""
        return frozenset(s["name"] for s in self.consent.scopes if s["is_required"])


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for consent and profile; store both together or neither."""
    seat = access.seat(request.user, slug)
    texts = _texts(seat)
    if request.method != "POST":
        return _page(request, seat, texts, _known(seat), status=200)
    if request.POST.get("do") == "refuse":
        return _refused(request, seat)
    given, replies = _read(request, texts)
    if given.problems or given.banner:
        return _page(request, seat, texts, given, status=422)
    try:
        take_part(
            participant=ensure_participant(project=seat.project, user=person(request)),
            document=texts.consent,
            granted=given.scopes,
            version=texts.survey,
            replies=replies,
        )
    except InvalidError as error:
        given = Given(given.scopes, given.answers, {}, error.message)
        return _page(request, seat, texts, given, status=422)
    messages.success(request, _("Your consent and your profile are saved."))
    return redirect("annotate", slug)


def _refused(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Tell that nothing was stored; and a recruited person how to return the study."""
    participant = access.participant(seat)
    enrolment = own_enrolment(participant)
    context: dict[str, Any] = {"project": seat.project}
    if participant is not None and enrolment is not None:
        refuse(participant=participant)
        context["return_words"] = _(PROVIDERS[enrolment.provider].return_words)
    return render(request, "annotation/people/refused.html", context)


@dataclass(frozen=True)
class Change:
    """How the consent differs from what the person agreed to before."""

    record: ConsentRecord
    pieces: Sequence[Piece]
    scopes: Sequence[ScopeChange]
    on_withdrawal: str


def _change(seat: Seat, texts: Texts) -> Change | None:
    """Return what is new in the consent; None where nothing was agreed to before."""
    participant = access.participant(seat)
    record = last_word(participant) if participant else None
    if record is None or record.document == texts.consent:
        return None
    old, new = record.document, texts.consent
    is_other_end = old.on_withdrawal != new.on_withdrawal
    return Change(
        record=record,
        pieces=changes(old.text, new.text) if old.text != new.text else (),
        scopes=scope_changes(old.scopes, new.scopes),
        on_withdrawal=_(MANNERS[new.on_withdrawal]) if is_other_end else "",
    )


def _texts(seat: Seat) -> Texts:
    consent, survey = current_consent(seat.project), current_survey(seat.project)
    if consent is None or survey is None:
        raise ConflictError(_("This project has no consent text yet. Ask its owner."))
    return Texts(consent, survey, parse_survey(survey.questions))


def _known(seat: Seat) -> Given:
    """Return what is in force: scopes of an older text are not carried over."""
    participant = access.participant(seat)
    record = consent_in_force(participant)
    current = current_consent(seat.project)
    is_current = record is not None and record.document == current
    return Given(
        scopes=frozenset(record.granted) if record and is_current else frozenset(),
        answers=told_before(participant),
        is_sent=False,
    )


def _read(request: HttpRequest, texts: Texts) -> tuple[Given, list[Reply]]:
    sent = request.POST
    scopes = frozenset(sent.getlist("agree"))
    answers = {
        question.name: sent.getlist(PREFIX + question.name)
        for question in texts.questions
    }
    replies, faults = read_replies(
        texts.questions, answers, seed=_seed(request, texts.survey)
    )
    problems = {fault.path: fault.message for fault in faults}
    if not texts.required <= scopes:
        problems["agree"] = str(AGREE)
    numbers = (str(texts.consent.number), str(texts.survey.number))
    is_same = (sent.get("consent"), sent.get("survey")) == numbers
    return Given(scopes, answers, problems, "" if is_same else str(CHANGED)), replies


def _seed(request: HttpRequest, survey: SurveyVersion) -> str:
    """Return what draws the order of options: the same person sees the same again."""
    return f"{person(request).pk}:{survey.public_id}"


def _page(
    request: HttpRequest, seat: Seat, texts: Texts, given: Given, status: int
) -> HttpResponse:
    seed = _seed(request, texts.survey)
    sections = show_survey(texts.questions, seed, given.answers, given.problems)
    participant = access.participant(seat)
    context: dict[str, Any] = {
        "seat": seat,
        "project": seat.project,
        "consent": texts.consent,
        "consent_html": project_html(texts.consent.text),
        "on_withdrawal": _(MANNERS[texts.consent.on_withdrawal]),
        "is_paid": own_enrolment(participant) is not None,
        "change": _change(seat, texts),
        "survey": texts.survey,
        "draft_key": seed,
        "given": given,
        "n_problems": len(given.problems),
        "agree_problem": given.problems.get("agree", ""),
        "is_ready": participant is not None and participant.is_ready,
        "is_again": participant is not None and bool(participant.n_done),
    } | survey_context(sections)
    return render(request, "annotation/people/start.html", context, status=status)
