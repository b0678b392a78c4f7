"""The page of an export: choose a format and its policies, then start the job."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.answers import Problem, Question
from annotation.errors import InvalidError
from annotation.formats.exports.options import ExportOptions
from annotation.selectors.ai_labels import machines_by_name
from annotation.selectors.charts import kept_figures
from annotation.selectors.choices import questions_of
from annotation.selectors.dashboard import answers_so_far
from annotation.services.exports import request_export
from annotation.views.export_form import form_context, read_options


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the formats and their options; start the export when asked to."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    if request.method != "POST":
        return _show(request, seat, ExportOptions(), [])
    options, problems = read_options(request.POST)
    if request.POST.get("do") == "export" and not problems:
        try:
            job = request_export(seat=seat, options=options.to_json())
        except InvalidError as error:
            problems = error.problems or [Problem("format", error.message)]
        else:
            return redirect("job", slug, job.public_id)
    return _show(request, seat, options, problems)


def _show(
    request: HttpRequest, seat: Seat, options: ExportOptions, problems: list[Problem]
) -> HttpResponse:
    machines = machines_by_name(seat.project)
    context = form_context(options, _questions(seat), machines) | {
        "seat": seat,
        "project": seat.project,
        "tab": "jobs",
        "problems": problems,
        "n_answers": answers_so_far(seat.project),
        "figures": kept_figures(seat.project),
    }
    template = "annotation/manage/export_new.html"
    if request.headers.get("HX-Request"):
        return render(request, "annotation/manage/export_form.html", context)
    return render(request, template, context, status=422 if problems else 200)


def _questions(seat: Seat) -> tuple[Question, ...]:
    """Return each question that any version asks, the newest version's own form."""
    known = {
        question.name: question
        for version in questions_of(seat.project).values()
        for question in version
    }
    return tuple(known.values())
