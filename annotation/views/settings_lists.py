"""For owners: the editor of a list of typed objects; the questions' page extends it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.services.versions import Published
from annotation.views.card_editor import read_cards, settle, show_cards
from annotation.views.card_types import CardKind
from annotation.views.person import person
from annotation.views.settings_common import said, settings_context
from annotation.words import gettext as _


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
        self.removed = ""
        self.resets: Mapping[str, Sequence[Mapping[str, Any]]] = {}
        self.context: dict[str, Any] = {}

    def respond(self, stored: Sequence[Mapping[str, Any]]) -> HttpResponse:
        """Answer a request: show what is stored, change the cards, or publish."""
        if self.request.method != "POST":
            return self.page(stored)
        do = self.request.POST.get("do", "")
        if do == "save_json":
            return self._save_json(self.request.POST.get("json", ""))
        if do.startswith("reset:") and do.removeprefix("reset:") in self.resets:
            return self.page(self.resets[do.removeprefix("reset:")], is_changed=True)
        other = self.other(do)
        if other is not None:
            return other
        read = read_cards(self.request.POST, self.what, self.kinds)
        self.removed = read.removed
        if do != "save":
            return self.page(
                read.cards, read.problems, focus=read.focus, is_changed=True
            )
        cards = self.ready(read.cards)
        problems = [*read.problems, *self.problems(cards)]
        if problems:
            return self.page(cards, problems, status=422, is_changed=True)
        try:
            return self._published(cards)
        except InvalidError as error:
            return self.page(cards, error.problems, status=422, is_changed=True)

    def other(self, do: str) -> HttpResponse | None:
        """Answer a button that only one of the pages has; None for the others."""
        return None

    def ready(self, cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return what the cards mean, as it is published."""
        return [dict(card) for card in cards]

    def problems(self, cards: Sequence[Mapping[str, Any]]) -> list[Problem]:
        """Return what only an editor has to say about a list."""
        return untitled(cards, self.what)

    def _save_json(self, text: str) -> HttpResponse:
        try:
            questions = json.loads(text)
            if not isinstance(questions, list) or not all(
                isinstance(question, dict) for question in questions
            ):
                raise InvalidError(_("The text must be a list of objects: [{…}, {…}]."))
            return self._published(questions)
        except json.JSONDecodeError as error:
            fault = _("Line {line}, column {column}: {fault}.").format(
                line=error.lineno, column=error.colno, fault=error.msg
            )
        except InvalidError as error:
            fault = " ".join(
                f"{problem.path}: {problem.message}" for problem in error.problems
            )
            fault = fault or error.message
        stored = self.context["version"]
        return self.page(
            stored.questions if stored else [], text=text, fault=fault, status=422
        )

    def _published(self, questions: Sequence[Mapping[str, Any]]) -> HttpResponse:
        published = self.publish(
            project=self.seat.project, user=person(self.request), questions=questions
        )
        messages.success(self.request, said(self.what, published))
        return redirect(f"settings_{self.what}", self.seat.project.slug)

    def page(
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
        problems = settle(problems, cards, self.what, self.kinds)
        context = settings_context(self.seat, self.what) | self.context
        context |= {
            "what": self.what,
            "editor": show_cards(cards, self.what, self.kinds, problems),
            "problems": [_numbered(problem) for problem in problems],
            "focus": problems[0].path if problems else focus,
            "json": text,
            "fault": fault,
            "is_changed": is_changed,
            "removed": self.removed,
        }
        name = f"annotation/people/settings_{self.what}.html"
        return render(self.request, name, context, status=status)


def _numbered(problem: Problem) -> Problem:
    """Say the number of the card too: several cards can have the same problem."""
    place = re.match(r"\w+\[(\d+)\]", problem.path)
    if place is None:
        return problem
    return Problem(problem.path, f"{int(place[1]) + 1}. {problem.message}")


def untitled(cards: Sequence[Mapping[str, Any]], path: str) -> list[Problem]:
    """Say where the words are missing: a name for programs would stand in for them."""
    found = []
    for place, card in enumerate(cards):
        at = f"{path}[{place}]"
        if "title" in card and not card["title"]:
            found.append(Problem(f"{at}.title", _("Write the words that people read.")))
        for name, part in card.items():
            if isinstance(part, list) and all(isinstance(one, dict) for one in part):
                found += untitled(part, f"{at}.{name}")
    return found
