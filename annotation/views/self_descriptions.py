"""For owners and researchers: give people's own words categories, and verify them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.errors import InvalidError
from annotation.models import Role
from annotation.selectors.self_descriptions import (
    categorised_questions,
    groups,
    progress,
    same_words,
    vocabulary,
)
from annotation.services.self_descriptions import categorise, verify
from annotation.views.person import person

READERS = (Role.OWNER, Role.RESEARCHER)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def self_descriptions(request: HttpRequest, slug: str) -> HttpResponse:
    """List the texts of a question, and take a category or a verdict for one."""
    seat = access.seat(request.user, slug, roles=READERS)
    name = request.POST.get("question", request.GET.get("question", ""))
    if request.method != "POST":
        return _page(request, seat, name)
    text, do = request.POST.get("text", ""), request.POST.get("do", "")
    # "Jedi = Other": a category that is new, with its coarser one.
    category, _, simplified = request.POST.get("category", "").partition("=")
    try:
        if do in ("agree", "disagree"):
            verify(
                project=seat.project,
                user=person(request),
                question=name,
                text=text,
                agrees=do == "agree",
            )
        else:
            categorise(
                project=seat.project,
                user=person(request),
                question=name,
                text=text,
                category=category,
                simplified=simplified,
            )
    except InvalidError as error:
        return _page(request, seat, name, text, error.message)
    return _page(request, seat, name, text)


def _page(
    request: HttpRequest, seat: Seat, name: str, done: str = "", fault: str = ""
) -> HttpResponse:
    questions = categorised_questions(seat.project)
    question = next((one for one in questions if one.name == name), None)
    question = question or next(iter(questions), None)
    found = groups(seat.project, question.name) if question else []
    words = [same_words(group.text) for group in found]
    at = words.index(same_words(done)) if same_words(done) in words else -1
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "dashboard",
        "questions": questions,
        "question": question,
        "groups": found,
        "progress": progress(found),
        "vocabulary": vocabulary(question, found) if question else [],
        "fault": fault,
        "faulty": at if fault else -1,
        # After a decision the hand goes on to the next text.
        "focus": at if fault else at + 1,
    }
    status = 422 if fault else 200
    name = "annotation/people/self_descriptions.html"
    return render(request, name, context, status=status)
