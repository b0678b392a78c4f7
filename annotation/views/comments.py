"""Comments on an item: the annotator's pages, and the forms of the team."""

from typing import TypedDict
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError, NotReadyError
from annotation.models import Assignment, Thread
from annotation.selectors.comments import (
    gist_of,
    lent_for,
    own_talk,
    thread_of,
)
from annotation.selectors.comments import own_threads as read_own_threads
from annotation.selectors.consent import has_withdrawn
from annotation.selectors.disagreements import Wanted
from annotation.services import comments
from annotation.words import gettext as _

MAX_NUMBER = 9


@never_cache
@login_required
@require_GET
def own_threads(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a person and the research team have written each other."""
    seat = access.seat(request.user, slug)
    participant = access.participant(seat)
    if participant is None:
        return redirect("start", slug)
    context = {"seat": seat, "threads": read_own_threads(participant)}
    return render(request, "annotation/annotate/own_threads.html", context)


@never_cache
@login_required
@require_GET
def own_thread(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Show one own thread; where the item is answered, the answer's page has it."""
    seat = access.seat(request.user, slug)
    thread = access.own_thread(seat, public_id)
    lent = lent_for(thread)
    if lent is not None and lent.annotation_id is not None:
        address = reverse("history_item", args=[slug, lent.public_id])
        return redirect(f"{address}#comments")
    context = {
        "seat": seat,
        "gist": gist_of(thread.item),
        "assignment": lent,
        **own_comments(thread),
    }
    return render(request, "annotation/annotate/own_thread.html", context)


def own_comments(thread: Thread | None) -> dict[str, object]:
    """Return what the part of an own page with its comments needs; they are read now.

    One query, and two more where something is new.
    """
    talk = own_talk(thread)
    n_shown = talk.n_shown if talk else 0
    if thread is not None and thread.is_unread:
        comments.mark_seen(thread=thread, n_shown=n_shown)
    return {"talk": talk, "n_shown": n_shown}


def own_comments_of(assignment: Assignment) -> dict[str, object]:
    """Return the same for the thread of an own assignment."""
    return own_comments(thread_of(assignment))


@login_required
@require_POST
def own_comment(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Write to the team about an item that was lent to this person."""
    seat = access.seat(request.user, slug)
    assignment = access.own_assignment(request.user, public_id)
    if assignment.project_id != seat.project.pk:
        raise NotFoundError
    person = assignment.participant
    if not person.is_ready and has_withdrawn(person):
        raise NotReadyError(
            _("You have taken your consent back. Give it anew to go on.")
        )
    comment = comments.write_to_team(
        assignment=assignment,
        text=request.POST.get("text", ""),
        key=_key(request),
        n_shown=_number(request),
    )
    messages.success(request, _("Sent. The research team sees it."))
    address = reverse("own_thread", args=[slug, comment.thread.public_id])
    return redirect(address)


# --- the team -----------------------------------------------------------------------


@login_required
@require_POST
def thread_reply(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Answer an annotator in their thread."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    thread = access.thread(seat, public_id)
    comments.reply(
        thread=thread,
        **_message(request, seat),
        n_shown=_number(request),
    )
    messages.success(request, _("Sent. Only this annotator sees it."))
    return _to_thread(request, slug, thread)


@login_required
@require_POST
def thread_settle(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Let a thread rest without a further word."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    thread = access.thread(seat, public_id)
    comments.settle(
        thread=thread, by=User.objects.get(pk=seat.user_id), n_shown=_number(request)
    )
    messages.success(request, _("The thread waits no longer."))
    return _to_thread(request, slug, thread)


@login_required
@require_POST
def answer_talk(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Mark an answer as one to talk about, with a message to who gave it."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    comment = comments.talk_about(
        annotation=access.answer(seat, public_id),
        **_message(request, seat),
    )
    messages.success(request, _("Sent. Only this annotator sees it."))
    return _to_thread(request, slug, comment.thread)


@login_required
@require_POST
def lease_talk(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """Write to an annotator who has the item in hand."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    comment = comments.talk_to(
        assignment=access.lease(seat, public_id),
        **_message(request, seat),
    )
    messages.success(request, _("Sent. Only this annotator sees it."))
    return _to_thread(request, slug, comment.thread)


class _Message(TypedDict):
    by: User
    role: str
    text: str
    key: UUID | None


def _message(request: HttpRequest, seat: Seat) -> _Message:
    """Read what somebody of the team writes to an annotator."""
    return {
        "by": User.objects.get(pk=seat.user_id),
        "role": seat.role,
        "text": request.POST.get("text", ""),
        "key": _key(request),
    }


def _to_thread(request: HttpRequest, slug: str, thread: Thread) -> HttpResponse:
    """Go to the thread: where a walk through disagreements was left, or at its item."""
    walk = request.POST.get("walk")
    page = "item" if walk is None else "disagreement"
    address = reverse(page, args=[slug, thread.item.public_id])
    query = urlencode(Wanted.from_parts(dict(parse_qsl(walk or ""))).parts)
    mark = f"#thread-{thread.public_id}"
    return redirect(f"{address}?{query}{mark}" if query else f"{address}{mark}")


def _key(request: HttpRequest) -> UUID | None:
    """Return the page's name for the comment, by which a second press is known."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None


def _number(request: HttpRequest) -> int:
    text = request.POST.get("shown", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER
    return int(text) if is_number else 0
