"""For owners: build the profile survey question by question, beside the real page.

The draft travels with the form, and every button sends it whole and gets it back
changed; only “save” stores anything. So it works by keyboard and without script.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.models import Role
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.selectors.profile import current_survey, n_ready
from annotation.services.versions import publish_survey, survey_is_met
from annotation.surveys import InvalidSurveyError, parse_survey
from annotation.surveys.checks import malformed
from annotation.surveys.drafting import SurveyDraft
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, said, settings_context
from annotation.views.sound import sound_part
from annotation.views.survey_acts import Form, act, card_of, read_form
from annotation.views.survey_outline import linked, outline
from annotation.views.survey_page import show_survey, survey_context
from annotation.words import gettext as _

READERS = (Role.OWNER, Role.RESEARCHER)
SCHEMA = "polyphony-survey/1"
MAX_FILE_BYTES = 2 * 2**20
# The preview shows the orders of nobody in particular, and the same ones each time.
SEED = "preview"


@require_http_methods(METHODS)
@login_required
def settings_survey(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the builder, change the draft, or publish it."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    version = current_survey(seat.project)
    stored = version.questions if version else []
    if request.method != "POST":
        if "download" in request.GET:
            return _file(seat, stored)
        return _page(request, seat, Form(SurveyDraft.of(stored)))
    do = request.POST.get("do", "")
    if do in ("save_json", "import", "copy", "template"):
        return _begin_anew(request, seat, do)
    form = read_form(request.POST)
    if do != "save":
        act(form, request.POST)
        return _page(request, seat, form)
    return _save(request, seat, form)


def _save(request: HttpRequest, seat: Seat, form: Form) -> HttpResponse:
    untitled = [
        Problem(f"survey[{place}].title", _("Write the words that people read."))
        for place, entry in enumerate(form.draft.entries())
        if not entry.get("title")
    ]
    form.name_all()
    form.problems += untitled
    survey = form.draft.as_survey()
    try:
        if not form.problems:
            return _publish(request, seat, survey)
        parse_survey(survey)
    except (InvalidError, InvalidSurveyError) as error:
        told = {problem.path for problem in form.problems}
        form.problems += [one for one in error.problems if one.path not in told]
    form.open_first_problem()
    form.focus = linked(form)[0].path
    return _page(request, seat, form, status=422)


def _publish(
    request: HttpRequest, seat: Seat, questions: Sequence[Mapping[str, Any]]
) -> HttpResponse:
    published = publish_survey(
        project=seat.project, user=person(request), questions=questions
    )
    messages.success(request, said("survey", published))
    return redirect("settings_survey", seat.project.slug)


# --- a whole survey at once -----------------------------------------------------------


def _begin_anew(request: HttpRequest, seat: Seat, do: str) -> HttpResponse:
    """Take a template, a file, another project's survey or JSON; save the last."""
    try:
        if do == "template":
            name = request.POST.get("template", "")
            if name not in PEOPLE_TEMPLATES:
                raise InvalidError(_("Choose one of the templates."))
            questions: Sequence[Mapping[str, Any]] = PEOPLE_TEMPLATES[name].survey
        elif do == "copy":
            slug = request.POST.get("project", "")
            other = access.seat(request.user, slug, roles=READERS)
            version = current_survey(other.project)
            questions = version.questions if version else []
        else:
            questions = _read_json(_text(request, do))
        if do == "save_json":
            return _publish(request, seat, questions)
    except InvalidError as error:
        fault = " ".join(f"{p.path}: {p.message}" for p in error.problems)
        current = current_survey(seat.project)
        form = Form(SurveyDraft.of(current.questions if current else []))
        fault = fault or error.message
        return _page(request, seat, form, fault=fault, status=422)
    return _page(request, seat, Form(SurveyDraft.of(questions)))


def _text(request: HttpRequest, do: str) -> str:
    if do == "save_json":
        return request.POST.get("json", "")
    file = request.FILES.get("file")
    if file is None:
        raise InvalidError(_("Choose a file first."))
    if (file.size or 0) > MAX_FILE_BYTES:
        raise InvalidError(_("The file exceeds 2 MB, so it is no survey."))
    return str(file.read(), "utf-8-sig", errors="replace")


def _read_json(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        said = _("The text is not JSON.")
        if isinstance(error, json.JSONDecodeError):
            said = _("Line {line}: The text is not JSON.").format(line=error.lineno)
        raise InvalidError(said) from error
    if isinstance(found, dict):
        found = found.get("questions")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidError(_("The text must be a list of objects: [{…}, {…}]."))
    problems = malformed(found)
    if problems:
        raise InvalidError(_("The survey needs mending."), problems=problems)
    return found


def _file(seat: Seat, questions: Sequence[Mapping[str, Any]]) -> HttpResponse:
    content = {"schema": SCHEMA, "questions": list(questions)}
    response = JsonResponse(content, json_dumps_params={"indent": 2})
    name = f"{seat.project.slug}-survey.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- page -----------------------------------------------------------------------------


def _page(
    request: HttpRequest,
    seat: Seat,
    form: Form,
    *,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    version = current_survey(seat.project)
    survey = form.draft.as_survey()
    questions, n_left_out = sound_part(survey, parse_survey)
    preview = show_survey(questions, SEED)
    context = settings_context(seat, "survey") | survey_context(preview)
    context |= {
        "version": version,
        "is_met": version is not None and survey_is_met(version),
        "n_asked_again": n_ready(seat.project),
        "is_changed": _differs(survey, version.questions if version else []),
        "outline": outline(form),
        "draft": json.dumps([vars(section) for section in form.draft.sections]),
        "problems": linked(form),
        "focus": form.focus,
        "edited": (card_of(form) or {}).get("name", ""),
        "removed": form.removed,
        "fault": fault,
        "json": json.dumps(survey, ensure_ascii=False, indent=2),
        "templates": PEOPLE_TEMPLATES.values(),
        "others": [
            one.project
            for one in access.seats(request.user)
            if one.is_manager and one.project != seat.project
        ],
        "n_left_out": n_left_out,
    }
    name = "annotation/people/settings_survey.html"
    return render(request, name, context, status=status)


def _differs(
    survey: Sequence[Mapping[str, Any]], stored: Sequence[Mapping[str, Any]]
) -> bool:
    """Tell whether people would meet something else; how it is written is no matter."""
    try:
        return parse_survey(survey) != parse_survey(stored)
    except InvalidSurveyError:
        return True
