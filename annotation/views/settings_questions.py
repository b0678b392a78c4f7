"""For owners: edit the form of a project: cards, live preview, copies and files."""

from collections.abc import Mapping, Sequence
from typing import Any

from csp.decorators import csp_replace, csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from annotation import access
from annotation.answers import InvalidQuestionsError, Problem, parse_questions
from annotation.project_templates import TEMPLATES
from annotation.question_file import dump_form, load_form
from annotation.selectors.met import questions_are_met
from annotation.services.versions import publish_questions
from annotation.views.card_editor import read_cards
from annotation.views.card_kinds import QUESTION_KINDS, SERIES, series_cards
from annotation.views.desk_parts import parts, payload
from annotation.views.desk_preview import preview_desk
from annotation.views.settings_common import METHODS, OWNERS
from annotation.views.settings_lists import Editor, untitled
from annotation.views.sound import sound_part
from annotation.words import gettext as _

MAX_FILE_BYTES = 1_000_000
WHAT = "questions"


class QuestionsEditor(Editor):
    """The page of a project's questions, which can also come from elsewhere."""

    def other(self, do: str) -> HttpResponse | None:
        """Answer the buttons that bring questions from a project or a file."""
        if do == "copy_from":
            seat = access.seat(
                self.request.user,
                self.request.POST.get("from", ""),
                roles=access.MANAGERS,
            )
            version = seat.project.current_questions()
            return self.page(version.questions if version else [], is_changed=True)
        if do == "file":
            return self._from_file()
        return None

    def _from_file(self) -> HttpResponse:
        sent = self.request.FILES.get("file")
        try:
            if sent is None:
                raise _fault(_("Choose a file first."))
            if sent.size is None or sent.size > MAX_FILE_BYTES:
                raise _fault(_("The file is larger than a form can be: 1 MB at most."))
            try:
                text = sent.read().decode()
            except UnicodeDecodeError as error:
                raise _fault(_("The file is not UTF-8 text.")) from error
            return self.page(load_form(text), is_changed=True)
        except InvalidQuestionsError as error:
            self.context["file_problems"] = error.problems
            version = self.context["version"]
            return self.page(version.questions if version else [], status=422)

    def problems(self, cards: Sequence[Mapping[str, Any]]) -> list[Problem]:
        """Return everything that needs mending, so that it is told at once."""
        return _problems(cards)

    def ready(self, cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the questions that the cards mean."""
        return unfolded(cards)


def _problems(cards: Sequence[Mapping[str, Any]]) -> list[Problem]:
    own = [*untitled(cards, WHAT), *_doubles(cards), *_beyond(cards)]
    try:
        parse_questions(cards)
    except InvalidQuestionsError as error:
        # A card without a title has no name yet either; one sentence will do.
        silent = {problem.path.replace(".title", ".name") for problem in own}
        own += [one for one in error.problems if one.path not in silent]
    return own


def _fault(message: str) -> InvalidQuestionsError:
    return InvalidQuestionsError([Problem("file", message)])


def unfolded(cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the cards with each series as the comparisons that it stands for."""
    return [
        question
        for card in cards
        for question in (
            series_cards(dict(card)) if card.get("type") == SERIES else [dict(card)]
        )
    ]


def _doubles(cards: Sequence[Mapping[str, Any]]) -> list[Problem]:
    found = []
    for place, card in enumerate(cards):
        for name in ("reasons", "levels"):
            words = card.get(name) or []
            twice = sorted({word for word in words if words.count(word) > 1})
            found += [
                Problem(
                    f"{WHAT}[{place}].{name}",
                    _("“{word}” stands here twice.").format(word=word),
                )
                for word in twice
            ]
    return found


def _beyond(cards: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Name the marks that have words but are not on the scale."""
    found = []
    for place, card in enumerate(cards):
        for row, criterion in enumerate(card.get("criteria") or ()):
            marks = [int(mark) for mark in criterion.get("anchors") or {}]
            wrong = [m for m in marks if not card["low"] <= m <= card["high"]]
            found += [
                Problem(
                    f"{WHAT}[{place}].criteria[{row}].anchors",
                    _(
                        "The mark {mark} is not on the scale from {low} to "
                        "{high}. Take its words away, or widen the scale."
                    ).format(mark=mark, low=card["low"], high=card["high"]),
                )
                for mark in wrong[:3]
            ]
    return found


@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # any view will do
@require_http_methods(METHODS)
@login_required
def settings_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the questions: as cards, from elsewhere, or as JSON text."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    version = seat.project.current_questions()
    editor = QuestionsEditor(request, seat, WHAT, QUESTION_KINDS, publish_questions)
    editor.resets = {name: list(t.questions) for name, t in TEMPLATES.items()}
    editor.context = {
        "version": version,
        "next_number": version.number + 1 if version else 1,
        "is_met": version is not None and questions_are_met(seat.project, version),
        "templates": TEMPLATES.values(),
        "others": [
            one.project
            for one in access.seats(request.user)
            if one.is_manager and one.project.pk != seat.project.pk
        ],
    }
    return editor.respond(version.questions if version else [])


@require_GET
@login_required
def questions_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the questions in force as a file that another project can read."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    version = seat.project.current_questions()
    text = dump_form(version.questions if version else [], title=seat.project.name)
    name = f"{slugify(slug)}-questions-{version.number if version else 0}.json"
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})  # type: ignore[arg-type]  # as above
@require_http_methods(METHODS)
@login_required
def questions_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the desk of a made-up item: of the form sent, else of the one in force.

    A GET is the page inside the editor's frame, a POST the desk alone. What needs
    mending is left out and counted in a header; 422 with the faults where nothing is
    left.
    """
    seat = access.seat(request.user, slug, roles=OWNERS)
    if request.method == "POST":
        cards = unfolded(read_cards(request.POST, WHAT, QUESTION_KINDS).cards)
        template = "annotation/people/preview_desk.html"
    else:
        version = seat.project.current_questions()
        cards = version.questions if version else []
        template = "annotation/people/preview_page.html"
    questions, n_left_out = sound_part(cards, parse_questions)
    if not questions:
        status = 422 if request.method == "POST" else 200
        faults = {"problems": _problems(cards), "page_data": _NOBODY}
        return render(request, template, faults, status=status)
    shown = preview_desk(questions)
    context: dict[str, Any] = {
        "desk": shown,
        "parts": parts(shown),
        "payload": payload(shown),
        "is_preview": True,
        "page_data": _NOBODY,
    }
    response = render(request, template, context)
    response.headers["X-Left-Out"] = str(n_left_out)
    return response


# The desk's script asks for these; a preview has nobody's work to fetch.
_NOBODY = {"slug": "", "participant": "preview", "urls": {"desk": "", "login": ""}}
