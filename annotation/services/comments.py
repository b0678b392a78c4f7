"""Step annotate: comments on an item, between one annotator and the research team.

Append-only. `key` comes from the client and makes a retry return the first comment.
`n_shown`: how many comments the writer saw, so that what came meanwhile stays open.
"""

import uuid

from django.contrib.auth.models import User
from django.db import transaction

from annotation.errors import ConflictError, InvalidError
from annotation.models import Annotation, Assignment, Comment, Role, Thread
from annotation.services.events import record
from annotation.words import gettext as _

MAX_CHARS = 4000
MAX_COMMENTS = 500
TEAM = (Role.OWNER, Role.RESEARCHER)


@transaction.atomic
def write_to_team(
    *, assignment: Assignment, text: str, key: uuid.UUID | None = None, n_shown: int = 0
) -> Comment:
    """Store what an annotator writes about an item that was lent to them.

    Raises InvalidError for an empty or too long text, ConflictError where the thread
    is full.
    """
    thread = _thread(assignment.item_id, assignment.participant_id, assignment)
    comment, is_new = _add(thread, text, key, role=Role.ANNOTATOR)
    if is_new:
        thread.from_annotator = comment.number
        _read(thread, "seen", n_shown)
        thread.save()
        _log(thread, comment, assignment.participant.user)
    return comment


@transaction.atomic
def reply(
    *,
    thread: Thread,
    by: User,
    role: str,
    text: str,
    key: uuid.UUID | None = None,
    n_shown: int = 0,
) -> Comment:
    """Store what a member of the team answers in a thread; raises as `write_to_team`.

    What the annotator wrote up to `n_shown` waits no longer.
    """
    locked = Thread.objects.select_for_update().get(pk=thread.pk)
    return _from_team(locked, by, role, text, key, n_shown, None)


@transaction.atomic
def talk_about(
    *,
    annotation: Annotation,
    by: User,
    role: str,
    text: str,
    key: uuid.UUID | None = None,
) -> Comment:
    """Open or go on with the thread at an answer, with a message to who gave it.

    Raises as `write_to_team`, and ConflictError where nobody could read it.
    """
    thread = _thread(annotation.item_id, annotation.participant_id, annotation)
    return _from_team(thread, by, role, text, key, 0, annotation)


@transaction.atomic
def talk_to(
    *,
    assignment: Assignment,
    by: User,
    role: str,
    text: str,
    key: uuid.UUID | None = None,
) -> Comment:
    """Open or go on with the thread of who has an item in hand or answered it.

    Raises as `talk_about`, and ConflictError where the person has neither: they would
    not know what is meant.
    """
    # Under the lock, so that an item on its way back to the pool is seen as gone.
    held = Assignment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=assignment.pk
    )
    if held.state != Assignment.State.OPEN and held.annotation_id is None:
        raise ConflictError(
            _(
                "This annotator neither has the item in hand nor has answered it, and"
                " would not know what you mean. Write to somebody who has."
            )
        )
    thread = _thread(held.item_id, held.participant_id, held)
    return _from_team(thread, by, role, text, key, 0, held.annotation)


@transaction.atomic
def settle(*, thread: Thread, by: User, n_shown: int) -> None:
    """Let a thread rest without a further word, up to what was shown."""
    locked = Thread.objects.select_for_update().get(pk=thread.pk)
    if _read(locked, "settled", n_shown):
        locked.save(update_fields=["settled"])
        record(
            project=locked.project,
            user=by,
            kind="thread_settled",
            participant=locked.participant_id,
            thread=locked.pk,
        )


@transaction.atomic
def mark_seen(*, thread: Thread, n_shown: int) -> None:
    """Note up to where the annotator has read."""
    locked = Thread.objects.select_for_update().get(pk=thread.pk)
    if _read(locked, "seen", n_shown):
        locked.save(update_fields=["seen"])


def _thread(item_id: int, participant_id: int, of: Assignment | Annotation) -> Thread:
    """Return the locked thread of an item and a person, made at its first comment."""
    Thread.objects.get_or_create(
        item_id=item_id,
        participant_id=participant_id,
        defaults={"project_id": of.project_id},
    )
    # Locked before its comments are numbered, so two writers never take one number.
    return Thread.objects.select_for_update().get(
        item_id=item_id, participant_id=participant_id
    )


def _from_team(
    thread: Thread,
    by: User,
    role: str,
    text: str,
    key: uuid.UUID | None,
    n_shown: int,
    annotation: Annotation | None,
) -> Comment:
    if role not in TEAM:
        raise ValueError(f"{role!r} is not a role of the team")
    if thread.participant.user_id is None:
        raise ConflictError(
            _(
                "Nobody would read this: the answer came with a file, or its "
                "author has left for good."
            )
        )
    comment, is_new = _add(
        thread, text, key, role=role, author=by, annotation=annotation
    )
    if is_new:
        thread.from_team = comment.number
        _read(thread, "settled", n_shown)
        thread.save()
        _log(thread, comment, by)
    return comment


def _add(
    thread: Thread,
    text: str,
    key: uuid.UUID | None,
    *,
    role: str,
    author: User | None = None,
    annotation: Annotation | None = None,
) -> tuple[Comment, bool]:
    """Append a comment to a locked thread; tell whether it is a new one."""
    known = key and Comment.objects.filter(public_id=key).first()
    if known:
        if known.thread_id != thread.pk:
            raise ConflictError(_("This is stored already. Load the page again."))
        return known, False
    words = _checked(text)
    if thread.n_comments >= MAX_COMMENTS:
        raise ConflictError(
            _("This thread has {max_comments} comments, and takes no more.").format(
                max_comments=MAX_COMMENTS
            )
        )
    thread.n_comments += 1
    comment = Comment.objects.create(
        public_id=key or uuid.uuid4(),
        thread=thread,
        number=thread.n_comments,
        role=role,
        author=author,
        annotation=annotation,
        text=words,
    )
    return comment, True


def _checked(text: str) -> str:
    words = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not words:
        raise InvalidError(_("The comment is empty. Write what you want to say."))
    if len(words) > MAX_CHARS:
        raise InvalidError(
            _(
                "The comment has {n_words:,} characters. Shorten it to {max_chars:,}."
            ).format(n_words=len(words), max_chars=MAX_CHARS)
        )
    return words


def _read(thread: Thread, mark: str, n_shown: int) -> bool:
    """Move a mark of reading forward; tell whether it moved."""
    reached = min(n_shown, thread.n_comments)
    if reached <= getattr(thread, mark):
        return False
    setattr(thread, mark, reached)
    return True


def _log(thread: Thread, comment: Comment, by: User | None) -> None:
    record(
        project=thread.project,
        user=by,
        kind="comment_written",
        participant=thread.participant_id,
        thread=thread.pk,
        number=comment.number,
        role=comment.role,
    )
