"""Projects to annotate in a real browser, and what was stored of it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from playwright.sync_api import Page

from annotation.answers import to_presented
from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import Annotation, Assignment, Project, QuestionsVersion
from annotation.questions import parse_questions
from annotation.services.item_store import ItemStore
from tests.factories import make_participant, make_project

DESK_SIZE = {"width": 1440, "height": 900}
PHONE_SIZE = {"width": 360, "height": 800}
MODEL = "hush-model"
# The page's script has taken the desk over, or another page has come instead.
IS_READY = "[data-progress-text]:not(:empty), body:not(.is-desk) main"
OUTBOX_IS_EMPTY = """() => Object.keys(localStorage)
    .filter((key) => key.startsWith("polyphony:outbox"))
    .every((key) => JSON.parse(localStorage[key]).length === 0)"""

COMPARISON = {
    "name": "preference",
    "type": "comparison",
    "title": "Which answer is better?",
    "strength": 3,
    "allow_both_bad": True,
}
RANKING = {"name": "order", "type": "ranking", "title": "Your order"}
RATING = {
    "name": "ratings",
    "type": "rating",
    "title": "How well does each answer do?",
    "low": 0,
    "high": 4,
    "criteria": [
        {"name": "clear", "title": "Clear", "anchors": {"0": "muddy", "4": "lucid"}},
        {"name": "complete", "title": "Complete"},
    ],
}


def ask(
    questions: Sequence[dict[str, Any]] | None = None,
    *,
    template: str = "pairwise",
    n_items: int = 3,
    n_completions: int = 2,
    texts: Sequence[str] = (),
    messages: Sequence[Message] = (),
    **options: Any,
) -> Project:
    """Return a project that asks `questions` of `n_items` items of its own."""
    project = make_project(template=template)
    if questions is not None:
        QuestionsVersion.objects.filter(project=project).update(
            questions=list(questions)
        )
    if options:
        Project.objects.filter(pk=project.pk).update(**options)
        project.refresh_from_db()
    drafts = [
        ItemDraft(
            row=number,
            messages=tuple(messages) or (Message("user", f"Question {number}?"),),
            completions=tuple(
                CompletionDraft(
                    texts[place] if texts else f"Reply {place} to {number}.",
                    f"{MODEL}-{place}",
                )
                for place in range(n_completions)
            ),
            external_id=f"q{number}",
        )
        for number in range(1, n_items + 1)
    ]
    with transaction.atomic():
        ItemStore(project).add(drafts)
    return project


def sign_in(page: Page, user: User, base_url: str) -> None:
    """Give the page's cookie jar a session of this person."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "url": base_url}])


def annotator_of(project: Project) -> User:
    """Return a person who is ready to annotate this project."""
    user = make_participant(project).user
    assert user is not None
    return user


def desk_id(page: Page) -> str:
    """Return the public id of the assignment on the desk."""
    value = page.locator("main[data-desk]").get_attribute("data-desk")
    assert value
    return value


def reload_desk(page: Page) -> None:
    """Load the page again, and wait until its script listens to keys."""
    page.reload()
    page.locator(IS_READY).first.wait_for(state="attached")


def wait_for_next(page: Page, before: str) -> str:
    """Wait until another item is on the desk; return its id."""
    page.wait_for_selector(f"main[data-desk]:not([data-desk='{before}'])")
    return desk_id(page)


def wait_until_prepared(page: Page) -> None:
    """Wait until the next item lies ready, or until there is none to get ready."""
    page.wait_for_selector("body[data-ahead]")


def wait_until_sent(page: Page) -> None:
    """Wait until the server has acknowledged the last submission."""
    page.wait_for_function(OUTBOX_IS_EMPTY)


def current(project: Project) -> list[Annotation]:
    """Return the current answers of a project, oldest first."""
    return list(
        Annotation.objects.filter(
            project=project, superseded_by=None, is_retraction=False
        ).order_by("id")
    )


def presented(annotation: Annotation) -> dict[str, Any]:
    """Return a stored answer as its annotator saw it."""
    assignment = Assignment.objects.select_related("questions_version").get(
        pk=annotation.assignment_id
    )
    questions = parse_questions(assignment.questions_version.questions)
    return to_presented(questions, annotation.answers, assignment.order or [])
