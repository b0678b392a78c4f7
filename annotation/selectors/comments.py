"""Threads of comments as each side sees them: an annotator only their own."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from annotation.models import (
    Assignment,
    Comment,
    Item,
    Participant,
    Project,
    Role,
    Thread,
)

# Beyond so many the dashboard only counts.
MAX_WAITING = 6
COUNT_BOUND = 1000
MAX_OWN = 200
GIST_CHARS = 160


@dataclass(frozen=True)
class Said:
    """One comment. `author`: who of the team wrote it, as the team sees it.

    `about`: the answer it is about, or None. An erased text is empty.
    """

    number: int
    is_team: bool
    author: str
    text: str
    at: datetime
    about: uuid.UUID | None


@dataclass(frozen=True)
class Talk:
    """A thread with its comments, oldest first."""

    thread: Thread
    pseudonym: str
    comments: tuple[Said, ...]
    # Who came with a file or withdrew reads no answer.
    is_readable: bool

    @property
    def n_shown(self) -> int:
        """Return the number of the newest comment that is shown."""
        return self.comments[-1].number if self.comments else 0

    @property
    def public_id(self) -> uuid.UUID:
        """Return the thread's id for addresses."""
        return self.thread.public_id


@dataclass(frozen=True)
class Waiting:
    """A thread whose annotator waits for a word, as a line of the dashboard."""

    public_id: uuid.UUID
    item: Item
    pseudonym: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Questions:
    """What waits for the team; `n` counts up to COUNT_BOUND."""

    newest: tuple[Waiting, ...]
    n: int


@dataclass(frozen=True)
class OwnThread:
    """A thread as a line of its annotator's list.

    `assignment`: the answered one, under which the whole item can be read again.
    """

    public_id: uuid.UUID
    assignment: uuid.UUID | None
    gist: str
    last: str
    is_team: bool
    at: datetime
    is_unread: bool


def talks_of(item: Item) -> tuple[Talk, ...]:
    """Return every thread of an item, for the team; two queries."""
    threads = Thread.objects.filter(item=item).select_related("participant")
    return _talks(list(threads.order_by("id")))


def own_talk(thread: Thread | None) -> Talk | None:
    """Return one thread with its comments; one query where `participant` is loaded."""
    return _talks([thread])[0] if thread is not None else None


def thread_of(assignment: Assignment) -> Thread | None:
    """Return the thread of an assignment's item and person; one query."""
    return (
        Thread.objects.filter(
            item_id=assignment.item_id, participant_id=assignment.participant_id
        )
        .select_related("participant")
        .first()
    )


def lent_for(thread: Thread) -> Assignment | None:
    """Return the newest assignment of a thread's item to its person; one query."""
    return (
        Assignment.objects.filter(
            item_id=thread.item_id, participant_id=thread.participant_id
        )
        .order_by(F("annotation").asc(nulls_last=True), "-id")
        .first()
    )


def _talks(threads: Sequence[Thread]) -> tuple[Talk, ...]:
    said: dict[int, list[Said]] = {thread.pk: [] for thread in threads}
    found = Comment.objects.filter(thread__in=threads).select_related(
        "author", "annotation"
    )
    for comment in found.order_by("thread", "number"):
        said[comment.thread_id].append(_said(comment))
    return tuple(
        Talk(
            thread=thread,
            pseudonym=thread.participant.pseudonym,
            comments=tuple(said[thread.pk]),
            is_readable=thread.participant.user_id is not None,
        )
        for thread in threads
    )


def _said(comment: Comment) -> Said:
    return Said(
        number=comment.number,
        is_team=comment.role != Role.ANNOTATOR,
        author=comment.author.username if comment.author else "",
        text=comment.text,
        at=comment.created_at,
        about=comment.annotation.public_id if comment.annotation else None,
    )


def questions_waiting(project: Project) -> Questions:
    """Return the threads that wait for the team, newest first; two queries at most."""
    waiting = Thread.objects.filter(project=project, from_annotator__gt=F("settled"))
    keys = list(waiting.order_by("-id").values_list("pk", flat=True)[:COUNT_BOUND])
    if not keys:
        return Questions((), 0)
    newest = Comment.objects.filter(
        thread__in=keys[:MAX_WAITING], number=F("thread__from_annotator")
    ).select_related("thread__item", "thread__participant")
    return Questions(
        tuple(
            Waiting(
                public_id=comment.thread.public_id,
                item=comment.thread.item,
                pseudonym=comment.thread.participant.pseudonym,
                text=comment.text,
                at=comment.created_at,
            )
            for comment in newest.order_by("-id")
        ),
        len(keys),
    )


def n_unread(participant: Participant) -> int:
    """Return in how many threads the team wrote what the person has not read."""
    unread = Thread.objects.filter(participant=participant, from_team__gt=F("seen"))
    return unread.count()


def own_threads(participant: Participant) -> tuple[OwnThread, ...]:
    """Return a person's threads, the one with the newest comment first; two queries."""
    last = (
        Comment.objects.filter(
            thread__participant=participant, number=F("thread__n_comments")
        )
        .select_related("thread__item")
        .order_by("-id")[:MAX_OWN]
    )
    comments = list(last)
    answered = dict(
        Assignment.objects.filter(
            participant=participant,
            item__in=[comment.thread.item_id for comment in comments],
            annotation__isnull=False,
            state__in=("submitted", "surplus"),
        ).values_list("item_id", "public_id")
    )
    return tuple(
        OwnThread(
            public_id=comment.thread.public_id,
            assignment=answered.get(comment.thread.item_id),
            gist=gist_of(comment.thread.item),
            last=comment.text,
            is_team=comment.role != Role.ANNOTATOR,
            at=comment.created_at,
            is_unread=comment.thread.is_unread,
        )
        for comment in comments
    )


def gist_of(item: Item) -> str:
    """Return the beginning of an item's prompt."""
    text = " ".join(item.messages[-1]["content"].split()) if item.messages else ""
    return text if len(text) <= GIST_CHARS else f"{text[: GIST_CHARS - 1].rstrip()}…"
