"""The page of an import for a survey: what each of its questions is."""

from collections import Counter
from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import AnnotationError, NotFoundError
from annotation.formats.respondent_look import Question
from annotation.formats.respondents import Survey
from annotation.services.imports import ALL
from annotation.services.survey_imports import questions_of, request_survey_import
from annotation.services.uploads import Upload, find_upload
from annotation.views.mapping_form import MODE_WORDS
from annotation.words import gettext as _
from annotation.words import gettext_noop

ROLES = {
    "profile": gettext_noop("tells about the person"),
    "rank": gettext_noop("was ranked: places from 1"),
    "rate": gettext_noop("was rated: words of a scale"),
    "choose": gettext_noop("was chosen: one of two texts"),
    "leave_out": gettext_noop("is left out"),
}
MOST_WORDS_SHOWN = 15


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_survey(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a survey's questions with a guess of each; start the import."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    given = request.POST if request.method == "POST" else request.GET
    upload = find_upload(seat=seat, ticket=given.get("file", ""))
    questions = questions_of(upload)
    if questions is None:
        raise NotFoundError
    if request.method != "POST":
        return _page(request, seat, upload, questions, [])
    try:
        job = request_survey_import(
            seat=seat,
            upload=upload,
            survey=_read(request, questions),
            mode=request.POST.get("mode", ALL),
        )
    except AnnotationError as error:
        problems = list(error.problems) or [Problem("", error.message)]
        return _page(request, seat, upload, questions, problems, status=422)
    return redirect("job", slug, job.public_id)


def _read(request: HttpRequest, questions: Sequence[Question]) -> Survey:
    roles = _roles(request, questions)

    def titles(role: str) -> tuple[str, ...]:
        pairs = zip(questions, roles, strict=True)
        return tuple(one.title for one, chosen in pairs if chosen == role)

    lines = request.POST.get("scale", "")[:4000].splitlines()
    return Survey(
        ranks=titles("rank"),
        rates=titles("rate"),
        chooses=titles("choose"),
        scale=tuple(line.strip() for line in lines if line.strip()),
        na=request.POST.get("na", "").strip()[:200],
        leaves_out=titles("leave_out"),
    )


def _roles(request: HttpRequest, questions: Sequence[Question]) -> list[str]:
    chosen = (
        request.POST.get(f"role-{k}", one.guess) for k, one in enumerate(questions)
    )
    return [role if role in ROLES else "profile" for role in chosen]


def _page(
    request: HttpRequest,
    seat: Seat,
    upload: Upload,
    questions: Sequence[Question],
    problems: Sequence[Problem],
    *,
    status: int = 200,
) -> HttpResponse:
    words = Counter(
        word for one in questions if one.guess == "rate" for word in one.words
    )
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "jobs",
        "upload": upload,
        "asked": list(zip(questions, _roles(request, questions), strict=True)),
        "roles": [(role, _(words)) for role, words in ROLES.items()],
        "words": list(words)[:MOST_WORDS_SHOWN],
        "scale": request.POST.get("scale", ""),
        "na": request.POST.get("na", ""),
        "modes": MODE_WORDS,
        "mode": request.POST.get("mode", ALL),
        "problems": problems,
    }
    template = "annotation/manage/import_survey.html"
    return render(request, template, context, status=status)
