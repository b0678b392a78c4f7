"""The annotator's calls: next, open, heartbeat, draft, submit, take back, skip.

Plain Django views without DRF, because `next` and `submit` are the hot path: parsing,
authentication and throttling here cost a tenth of DRF's. Session callers pass CSRF;
token callers are exempt, as in DRF.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeAlias, cast

from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed

from annotation import access
from annotation.api.authentication import token_user
from annotation.errors import (
    AnnotationError,
    InvalidError,
    LimitError,
    NotFoundError,
    NotReadyError,
)
from annotation.middleware import error_body
from annotation.models import STANDING_WORDS, Annotation, Assignment, Participant
from annotation.selectors.comments import own_talk, thread_of
from annotation.selectors.consent import has_withdrawn
from annotation.selectors.desk import as_json, desk, n_left
from annotation.selectors.editing import FINAL, answers_shown, is_editable
from annotation.selectors.feedback import as_json as feedback_json
from annotation.selectors.feedback import feedback
from annotation.selectors.suggestions import as_json as suggestion_json
from annotation.selectors.suggestions import suggestion_of
from annotation.services import assignments, drafts, flags, gates, hints, submissions
from annotation.services.comments import MAX_COMMENTS, mark_seen, write_to_team
from annotation.services.pairings import refuse_unshown
from annotation.services.suggestions import laid_out
from annotation.times import MAX_PLACES
from annotation.words import gettext as _
from annotation.words import join_or

CALLS_PER_MINUTE = 1200
# How an annotator saw the texts, beside layout and view.
DISPLAY = ("size_px", "line", "density", "theme")
DISPLAY_WORDS = ", ".join(DISPLAY)
MAX_BODY_BYTES = 4 * 1024 * 1024
P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]


class SignedOutError(AnnotationError):
    """Nobody is logged in."""

    code = "not_authenticated"
    status = 401


class TooLargeError(AnnotationError):
    """The body is larger than any answer can be."""

    code = "too_large"
    status = 413


class CsrfError(AnnotationError):
    """The page's token is missing or old."""

    code = "csrf"
    status = 403


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> NoReturn:
        raise CsrfError(_("This page is out of date. Load it again; nothing is lost."))


def _nothing(*_: object) -> HttpResponse:
    return HttpResponse()


_csrf = _Csrf(_nothing)


def _caller(request: HttpRequest) -> User:
    try:
        user = token_user(request)
    except AuthenticationFailed as error:
        raise SignedOutError(str(error.detail)) from error
    if user is not None:
        return user
    if not request.user.is_authenticated:
        raise SignedOutError(_("You are not logged in. Log in and go on."))
    _csrf.process_view(request, _nothing, (), {})
    return request.user


def _throttle(user: User) -> None:
    # A key per minute: a counter that expires between two steps of the cache's `incr`
    # would come back without an end, and shut its person out for good.
    key = f"calls:{user.pk}:{int(time.time() // 60)}"
    try:
        n_calls = cache.incr(key)
    except ValueError:
        n_calls = 1
        if not cache.add(key, 1, 120):
            n_calls = cache.incr(key)
    if n_calls > CALLS_PER_MINUTE:
        raise LimitError(_("These are too many calls for one minute. Wait a little."))


def call(*methods: str) -> Callable[[View[P]], View[P]]:
    """Make an API view: methods, authentication, CSRF, throttling, the error shape."""

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt
        @wraps(view)
        def wrapped(
            request: HttpRequest, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if request.method not in methods:
                body = {"code": "method_not_allowed", "problems": []}
                body["message"] = _("This address takes {methods}.").format(
                    methods=join_or(methods)
                )
                response = JsonResponse(body, status=405)
                response["Allow"] = ", ".join(methods)
                return response
            try:
                request.user = _caller(request)
                _throttle(request.user)
                return view(request, *args, **kwargs)
            except AnnotationError as error:
                return JsonResponse(error_body(error), status=error.status)

        return cast("View[P]", wrapped)

    return decorate


def _body(request: HttpRequest) -> dict[str, Any]:
    raw = _raw(request)
    if not raw:
        return {}
    try:
        body = json.loads(raw.decode(), parse_constant=_refuse_constant)
        # Escapes are the only way in for what UTF-8 cannot say.
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidError(
            _("A text holds half of a character, such as a broken emoji. Remove it."),
            code="json",
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            _("The body is not JSON: {error}.").format(error=error), code="json"
        ) from error
    if not isinstance(body, dict):
        raise InvalidError(_("The body must be a JSON object."), code="json")
    return body


def _raw(request: HttpRequest) -> bytes:
    # Asked before the body is read, which nobody else bounds to this.
    n_bytes = int(request.META.get("CONTENT_LENGTH") or 0)
    if n_bytes > MAX_BODY_BYTES or len(request.body) > MAX_BODY_BYTES:
        raise TooLargeError(_("This is more than 4 MB. Shorten the texts."))
    return request.body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise InvalidError(_("{name} must be a number, 0 or more.").format(name=name))
    return int(min(value, 2**53))


def _numbers(body: dict[str, Any], name: str) -> list[int] | None:
    values = body.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or len(values) > MAX_PLACES:
        raise InvalidError(
            _("{name} must be a list with a number for each completion.").format(
                name=name
            )
        )
    return [_number({name: value}, name) for value in values]


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidError(_("{name} must be text.").format(name=name))
    return value


def _truth(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidError(_("{name} must be true or false.").format(name=name))
    return value


def _display(body: dict[str, Any]) -> dict[str, str | int]:
    value = body.get("display") or {}
    if not isinstance(value, dict) or len(value) > len(DISPLAY):
        raise InvalidError(_("display must be an object with a few short words."))
    for name, part in value.items():
        if name not in DISPLAY:
            raise InvalidError(
                _("display has no {name!r}. It is {display_words}.").format(
                    name=name[:30], display_words=DISPLAY_WORDS
                )
            )
        is_word = isinstance(part, str) and len(part) <= 20 and part.isalpha()
        is_number = type(part) is int and 0 <= part <= 1000
        if not is_word and not is_number:
            raise InvalidError(
                _("display.{name} must be a short word or a number.").format(name=name)
            )
    return value


def _answers(body: dict[str, Any]) -> dict[str, Any]:
    answers = body.get("answers")
    if not isinstance(answers, dict):
        raise InvalidError(_("answers must be an object with one entry per question."))
    return answers


def _own(
    request: HttpRequest, public_id: uuid.UUID, *, is_safe: bool = False
) -> Assignment:
    """Return the caller's assignment, unless they took their consent back.

    What is reserved for later, and was never on a screen, is refused until its turn.
    A consent or survey that has changed since stops nobody from ending what they began.
    Who is paused or blocked does no more than keep a draft (`is_safe`).
    """
    assignment = access.own_assignment(request.user, public_id)
    person = assignment.participant
    if person.standing != Participant.Standing.ACTIVE and not is_safe:
        raise NotReadyError(_(STANDING_WORDS[person.standing]), code=person.standing)
    if not person.is_ready and has_withdrawn(person):
        raise NotReadyError(
            _("You have taken your consent back. Give it anew to go on.")
        )
    if assignment.state == Assignment.State.RESERVED:
        refuse_unshown(assignment.pk)
    return assignment


def ready_participant(seat: access.Seat) -> Participant:
    """Return the seat's participant once consent and profile are given."""
    participant = access.participant(seat)
    if participant is None or not participant.is_ready:
        raise NotReadyError(
            _("Give your consent and fill in the profile first."),
            start=f"/p/{seat.project.slug}/start/",
        )
    return participant


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer an address that is not there in the one error shape."""
    error = NotFoundError()
    return JsonResponse(error_body(error), status=error.status)


@call("POST")
def next_assignment(request: HttpRequest, slug: str) -> HttpResponse:
    """Lease the caller's next item (200), or tell that there is none (204)."""
    seat = access.seat(request.user, slug)
    participant = ready_participant(seat)
    claim = (
        assignments.claim_ahead
        if _body(request).get("ahead")
        else assignments.claim_next
    )
    assignment = claim(participant=participant, project=seat.project)
    if assignment is None:
        return HttpResponse(status=204)
    return JsonResponse(as_json(laid_out(assignment, seat.project)))


def _assignment_json(assignment: Assignment) -> dict[str, Any]:
    until = assignment.lease_until
    return {
        "id": str(assignment.public_id),
        "state": assignment.state,
        "lease_until": until and until.isoformat(),
    }


@call("GET")
def own_assignment(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show an own item as it was presented, with the answer if there is one.

    With what was shown of a machine's verdict; an item is never drawn here.
    """
    assignment = _own(request, public_id)
    shown = desk(assignment, assignment.project)
    body = as_json(replace(shown, suggestion=suggestion_of(assignment)))
    body["answers"] = answers_shown(assignment) or None
    body["is_editable"] = is_editable(assignment.pk)
    return JsonResponse(body)


@call("POST")
def open_assignment(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Open an item that was leased ahead."""
    assignment = _own(request, public_id)
    opened = assignments.open_queued(assignment=assignment)
    return JsonResponse({"assignment": _assignment_json(opened)})


@call("POST")
def heartbeat(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Extend the lease."""
    assignment = _own(request, public_id)
    body = _body(request)
    until = assignments.renew(
        assignment=assignment,
        layout=_text(body, "layout"),
        view=_text(body, "view"),
    )
    return JsonResponse({"lease_until": until.isoformat()})


@call("PUT", "POST")
def draft(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save unfinished answers. POST is for what a closing page can still send."""
    assignment = _own(request, public_id, is_safe=True)
    body = _body(request)
    saved = drafts.save_draft(
        assignment=assignment,
        answers=_answers(body),
        revision=_number(body, "revision"),
        active_ms=_number(body, "active_ms"),
        reading_ms=_numbers(body, "reading_ms"),
        tab=_text(body, "tab"),
    )
    return JsonResponse({"revision": saved.revision})


@call("POST")
def submit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Submit the answers: 201 the first time, 200 with the same body for a retry."""
    assignment = _own(request, public_id)
    body = _body(request)
    try:
        submission_id = uuid.UUID(_text(body, "submission_id"))
    except ValueError as error:
        raise InvalidError(_("submission_id must be a UUID, one per item.")) from error
    has_time = body.get("active_ms") is not None
    source = (
        Annotation.Source.API
        if "Authorization" in request.headers
        else Annotation.Source.WEB
    )
    result = submissions.submit(
        assignment=assignment,
        submission_id=submission_id,
        answers=_answers(body),
        active_ms=_number(body, "active_ms") if has_time else None,
        reading_ms=_numbers(body, "reading_ms"),
        source=source,
        layout=_text(body, "layout"),
        view=_text(body, "view"),
        is_unchanged_confirmed=_truth(body, "is_unchanged_confirmed"),
        display=_display(body),
    )
    is_final, told = assignment.purpose in FINAL, result.suggestion
    until = result.at + timedelta(seconds=assignment.project.grace_s)
    return JsonResponse(
        {
            **(_gate_news(assignment) if is_final else {}),
            **(_hint(assignment) if assignment.project.check_rules else {}),
            **({"suggestion": suggestion_json(told)} if told else {}),
            "annotation": {"id": str(result.annotation_id)},
            "assignment": {"id": str(assignment.public_id), "state": result.state},
            "state": result.state,
            "take_back_until": None if is_final else until.isoformat(),
            "progress": {"n_left": n_left(assignment.project)},
        },
        status=201 if result.is_new else 200,
    )


def _hint(assignment: Assignment) -> dict[str, str]:
    words = hints.hint_after(assignment=assignment)
    return {"hint": words} if words else {}


def _gate_news(assignment: Assignment) -> dict[str, Any]:
    """Return what a person learns after a training or qualification item."""
    assignment.refresh_from_db()
    told = feedback(assignment)
    if told is not None:
        return {"feedback": feedback_json(told)}
    attempt = gates.conclude_after(assignment=assignment)
    if attempt is None:
        return {}
    return {
        "qualification": {
            "is_passed": attempt.is_passed,
            "n_correct": attempt.n_correct,
            "n_asked": attempt.n_asked,
        }
    }


@call("POST")
def take_back(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Undo a submission within its grace time."""
    assignment = _own(request, public_id)
    reopened = submissions.take_back(assignment=assignment)
    return JsonResponse({"assignment": _assignment_json(reopened)})


@call("POST")
def release(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give the item back; it may come again."""
    assignments.release(assignment=_own(request, public_id))
    return JsonResponse({"state": Assignment.State.RELEASED})


@call("POST")
def skip(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give the item back for good, with a reason."""
    assignment = _own(request, public_id)
    assignments.skip(assignment=assignment, reason=_text(_body(request), "reason"))
    return JsonResponse({"state": Assignment.State.SKIPPED})


@call("POST")
def flag(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say that something is wrong with the item."""
    assignment = _own(request, public_id)
    body = _body(request)
    raised = flags.raise_flag(
        assignment=assignment, kind=_text(body, "kind"), note=_text(body, "note")
    )
    return JsonResponse({"flag": {"id": str(raised.public_id)}}, status=201)


@call("GET", "POST")
def comments(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Return what was written with the team about the item, or add to it."""
    assignment = _own(request, public_id)
    if request.method == "GET":
        return JsonResponse(_comments_json(assignment))
    body = _body(request)
    written = write_to_team(
        assignment=assignment,
        text=_text(body, "text"),
        key=_key(body),
        n_shown=min(_number(body, "n_shown"), MAX_COMMENTS),
    )
    return JsonResponse({"comment": {"id": str(written.public_id)}}, status=201)


def _key(body: dict[str, Any]) -> uuid.UUID | None:
    try:
        return uuid.UUID(_text(body, "comment_id")) if body.get("comment_id") else None
    except ValueError as error:
        raise InvalidError(_("comment_id must be a UUID, one per comment.")) from error


def _comments_json(assignment: Assignment) -> dict[str, Any]:
    thread = thread_of(assignment)
    talk = own_talk(thread)
    if thread is not None and talk is not None and thread.is_unread:
        mark_seen(thread=thread, n_shown=talk.n_shown)
    return {
        "comments": [
            {
                "number": one.number,
                "by": "team" if one.is_team else "you",
                "text": one.text,
                "created_at": one.at.isoformat(),
            }
            for one in (talk.comments if talk else ())
        ]
    }
