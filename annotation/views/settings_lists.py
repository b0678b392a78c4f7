"""For owners: edit the questions, as cards or as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.access import Seat
from annotation.answers import InvalidQuestionsError, Problem, parse_questions
from annotation.errors import InvalidError
from annotation.project_templates import TEMPLATES
from annotation.services.versions import (
    Published,
    publish_questions,
    questions_are_met,
)
from annotation.views.card_editor import CardKind, read_cards, show_cards
from annotation.views.card_kinds import QUESTION_KINDS
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS, said, settings_context


@require_http_methods(METHODS)
@login_required
def settings_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the questions: as cards, or as JSON text."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    version = seat.project.current_questions()
    stored = version.questions if version else []
    editor = Editor(request, seat, "questions", QUESTION_KINDS, publish_questions)
    editor.resets = {name: list(t.questions) for name, t in TEMPLATES.items()}
    editor.context = {
        "version": version,
        "is_met": version is not None and questions_are_met(seat.project, version),
        "templates": TEMPLATES.values(),
    }
    return editor.respond(stored)


class Editor:
    """The page of a list of questions."""

    def __init__(
        self,
        request: HttpRequest,
        seat: Seat,
        what: str,
        kinds: Sequence[CardKind],
        publish: Callable[..., Published],
    ) -> None:
        self.request = request
        self.seat = seat
        self.what = what
        self.kinds = kinds
        self.publish = publish
        self.resets: Mapping[str, Sequence[Mapping[str, Any]]] = {}
        self.context: dict[str, Any] = {}

    def respond(self, stored: Sequence[Mapping[str, Any]]) -> HttpResponse:
        """Answer a request: show what is stored, change the cards, or publish."""
        if self.request.method != "POST":
            return self._page(stored)
        do = self.request.POST.get("do", "")
        if do == "save_json":
            return self._save_json(self.request.POST.get("json", ""))
        if do.startswith("reset:") and do.removeprefix("reset:") in self.resets:
            return self._page(self.resets[do.removeprefix("reset:")], is_changed=True)
        read = read_cards(self.request.POST, self.what, self.kinds)
        if do != "save":
            return self._page(
                read.cards, read.problems, focus=read.focus, is_changed=True
            )
        problems = [*read.problems, *_untitled(read.cards, self.what)]
        if problems:
            return self._page(read.cards, problems, status=422, is_changed=True)
        try:
            return self._published(read.cards)
        except InvalidError as error:
            return self._page(read.cards, error.problems, status=422, is_changed=True)

    def _save_json(self, text: str) -> HttpResponse:
        try:
            questions = json.loads(text)
            if not isinstance(questions, list) or not all(
                isinstance(question, dict) for question in questions
            ):
                raise InvalidError("The text must be a list of objects: [{…}, {…}].")
            return self._published(questions)
        except json.JSONDecodeError as error:
            fault = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        except InvalidError as error:
            fault = " ".join(
                f"{problem.path}: {problem.message}" for problem in error.problems
            )
            fault = fault or error.message
        stored = self.context["version"]
        return self._page(
            stored.questions if stored else [], text=text, fault=fault, status=422
        )

    def _published(self, questions: Sequence[Mapping[str, Any]]) -> HttpResponse:
        published = self.publish(
            project=self.seat.project, user=person(self.request), questions=questions
        )
        messages.success(self.request, said(self.what, published))
        return redirect(f"settings_{self.what}", self.seat.project.slug)

    def _page(
        self,
        cards: Sequence[Mapping[str, Any]],
        problems: Sequence[Problem] = (),
        *,
        focus: str = "",
        text: str | None = None,
        fault: str = "",
        status: int = 200,
        is_changed: bool = False,
    ) -> HttpResponse:
        if text is None:
            text = json.dumps(list(cards), ensure_ascii=False, indent=2)
        context = settings_context(self.seat, self.what) | self.context
        context |= {
            "what": self.what,
            "editor": show_cards(cards, self.what, self.kinds, problems),
            "problems": problems,
            "focus": focus,
            "json": text,
            "fault": fault,
            "is_changed": is_changed,
            "preview": _preview(self.what, cards),
        }
        name = f"annotation/people/settings_{self.what}.html"
        return render(self.request, name, context, status=status)


def _preview(what: str, cards: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Return the questions as annotators meet them; () while they are malformed."""
    if what != "questions":
        return ()
    try:
        return parse_questions(list(cards))
    except InvalidQuestionsError:
        return ()


def _untitled(cards: Sequence[Mapping[str, Any]], path: str) -> list[Problem]:
    """Say where the words are missing: a name for programs would stand in for them."""
    found = []
    for place, card in enumerate(cards):
        at = f"{path}[{place}]"
        if "title" in card and not card["title"]:
            found.append(Problem(f"{at}.title", "Write the words that people read."))
        for name, part in card.items():
            if isinstance(part, list) and all(isinstance(one, dict) for one in part):
                found += _untitled(part, f"{at}.{name}")
    return found
