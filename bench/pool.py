"""Projects, annotators and items for the benchmarks, made by the services."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

_TEXT = """
people compare two answers and say which one helps them more because clear words and
true facts matter when a question is hard and time is short for the reader
"""
WORDS = _TEXT.split()


@dataclass(frozen=True)
class Annotator:
    """A logged-in annotator: what a browser would send."""

    session: str
    csrf: str


def words(n: int, start: int) -> str:
    """Return `n` words that differ with `start`."""
    return " ".join(WORDS[(start + 7 * k) % len(WORDS)] for k in range(n))


def drafts(n: int) -> "Iterator[object]":
    """Yield items of the size that the peers were measured with: 60 + 2 x 150 words."""
    from annotation.formats.types import CompletionDraft, ItemDraft, Message

    for number in range(n):
        yield ItemDraft(
            row=number + 1,
            messages=(Message("user", f"{number}: {words(60, number)}?"),),
            completions=(
                CompletionDraft(f"{number} {words(150, number)}.", "alpha"),
                CompletionDraft(f"{number} {words(150, number + 3)}.", "beta"),
            ),
            external_id=f"item-{number}",
        )


def make_project(slug: str) -> object:
    """Make a project from the pairwise template."""
    from django.contrib.auth.models import User

    from annotation.services.projects import create_project

    owner, _ = User.objects.get_or_create(username="bench-owner")
    return create_project(user=owner, name=slug, template="pairwise", overlap=1)


def fill(project: object, n_items: int, *, n_words: int = 150) -> None:
    """Put items into a project with one statement a table; fast for a million.

    `n_words`: of each completion.
    """
    from django.db import connection

    with connection.cursor() as db:
        db.execute(
            "INSERT INTO item (public_id, created_at, project_id, number, external_id,"
            " content_sha256, messages, n_completions, language, category, source,"
            " metadata) SELECT gen_random_uuid(), now(), %(p)s, n, 'item-' || n,"
            " md5(n::text), jsonb_build_array(jsonb_build_object('role', 'user',"
            " 'content', n || ' ' || %(prompt)s)), 2, '', '', '', '{}'"
            " FROM generate_series(1, %(n)s) n",
            {"p": project.pk, "n": n_items, "prompt": words(60, 0)},  # type: ignore[attr-defined]
        )
        db.execute(
            'INSERT INTO completion (item_id, "index", text, text_sha256, model,'
            " external_id, metadata) SELECT i.id, k, i.number || ' ' || k || ' '"
            " || %(text)s, md5(i.number || '/' || k), 'model-' || k, '', '{}'"
            " FROM item i, generate_series(0, 1) k WHERE i.project_id = %(p)s",
            {"p": project.pk, "text": words(n_words, 1)},  # type: ignore[attr-defined]
        )
        db.execute(
            "INSERT INTO frontier (item_id, project_id, rank, random_key, target,"
            " n_taken, n_counted, n_presented, base_order) SELECT id, project_id, 0,"
            " (random() * 1e18)::bigint, 1, 0, 0, 0, CASE WHEN number %% 2 = 0"
            " THEN ARRAY[0, 1] ELSE ARRAY[1, 0] END::smallint[] FROM item"
            " WHERE project_id = %(p)s",
            {"p": project.pk},  # type: ignore[attr-defined]
        )
        db.execute("ANALYZE item, completion, frontier")


def annotators(project: object, n: int) -> list[Annotator]:
    """Make ready annotators with a session each."""
    from django.conf import settings
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
    )
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.cached_db import SessionStore

    from annotation.models import Membership, Participant

    made = []
    for _ in range(n):
        name = f"bench-{secrets.token_hex(4)}"
        user = User(username=name)
        user.set_unusable_password()
        user.save()
        Membership.objects.create(project=project, user=user, role="annotator")
        Participant.objects.create(
            project=project, user=user, pseudonym=name, is_ready=True
        )
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        made.append(Annotator(str(session.session_key), secrets.token_hex(16)))
    return made


def set_quotas(project: object) -> None:
    """Give a filled project quotas of each kind, wide enough never to be full."""
    from annotation.models import SurveyVersion
    from annotation.services.quotas import publish_quotas

    survey = [
        {"name": "gender", "type": "single", "title": "Gender?", "options": ["F", "M"]},
        {"name": "country", "type": "country", "title": "Country?"},
    ]
    SurveyVersion.objects.filter(project=project).update(questions=survey)
    publish_quotas(
        project=project,  # type: ignore[arg-type]
        user=project.created_by,  # type: ignore[attr-defined]
        raw=[
            {"kind": "per_item", "questions": ["country"], "n": 1},
            {"kind": "at_least", "questions": ["gender"], "amounts": {"F": 1}},
            {"kind": "category_each", "n": 100_000},
        ],
    )


def place_everybody(project: object) -> None:
    """Sort the annotators made for the benchmark into the cells of the quotas."""
    from annotation.models import Participant
    from annotation.services.quotas import place

    for person in Participant.objects.filter(project=project):
        place(participant=person)
