"""Comments on an item: what is stored, who waits for whom, and what is refused."""

import threading
import uuid

import pytest
from django.db import connections

from annotation.errors import ConflictError, InvalidError
from annotation.models import Assignment, Comment, Event, Participant, Project, Thread
from annotation.selectors.comments import n_unread, own_threads, questions_waiting
from annotation.services import comments
from tests.factories import make_items, make_participant, make_project
from tests.manage.conftest import answer


@pytest.fixture
def person(project: Project) -> Participant:
    """Somebody who annotates."""
    return make_participant(project)


@pytest.fixture
def lent(person: Participant) -> Assignment:
    """An answered item of that person."""
    return answer(person, 2)


def ask(lent: Assignment, text: str = "Why two?", **more: object) -> Comment:
    return comments.write_to_team(assignment=lent, text=text, **more)  # type: ignore[arg-type]  # a key or a number


def reply(thread: Thread, text: str = "Because.", **more: object) -> Comment:
    return comments.reply(
        thread=thread,
        by=thread.project.created_by,
        role="owner",
        text=text,
        **more,  # type: ignore[arg-type]  # a key or a number
    )


def fresh(thread: Thread) -> Thread:
    return Thread.objects.get(pk=thread.pk)


def test_comments_of_one_person_and_item_share_a_thread(lent: Assignment) -> None:
    first, second = ask(lent), ask(lent, "And why now?")
    assert first.thread == second.thread
    assert [first.number, second.number] == [1, 2]
    assert (first.role, first.author) == ("annotator", None)


def test_question_waits_until_it_is_answered(
    project: Project, lent: Assignment
) -> None:
    thread = ask(lent).thread
    assert questions_waiting(project).n == 1
    reply(thread, n_shown=1)
    assert questions_waiting(project).n == 0


def test_question_written_meanwhile_still_waits(
    project: Project, lent: Assignment
) -> None:
    thread = ask(lent).thread
    ask(lent, "One more thing.")
    reply(thread, n_shown=1)
    found = questions_waiting(project)
    assert [one.text for one in found.newest] == ["One more thing."]


def test_thread_can_rest_without_an_answer(project: Project, lent: Assignment) -> None:
    thread = ask(lent).thread
    comments.settle(thread=thread, by=project.created_by, n_shown=1)
    assert questions_waiting(project).n == 0
    assert Comment.objects.count() == 1


def test_answer_is_unread_until_it_is_seen(
    lent: Assignment, person: Participant
) -> None:
    thread = ask(lent).thread
    assert n_unread(person) == 0
    reply(thread, n_shown=1)
    assert n_unread(person) == 1
    comments.mark_seen(thread=thread, n_shown=1)
    assert n_unread(person) == 1
    comments.mark_seen(thread=thread, n_shown=2)
    assert n_unread(person) == 0


def test_mark_of_reading_never_goes_back_or_past_the_end(lent: Assignment) -> None:
    thread = ask(lent).thread
    comments.mark_seen(thread=thread, n_shown=99)
    assert fresh(thread).seen == 1
    comments.mark_seen(thread=thread, n_shown=0)
    assert fresh(thread).seen == 1


def test_talk_about_an_answer_opens_its_thread(
    project: Project, lent: Assignment, person: Participant
) -> None:
    assert lent.annotation is not None
    made = comments.talk_about(
        annotation=lent.annotation,
        by=project.created_by,
        role="owner",
        text="Tell us more.",
    )
    assert made.annotation == lent.annotation
    (line,) = own_threads(person)
    assert (line.assignment, line.is_unread) == (lent.public_id, True)


def test_same_key_is_stored_once(lent: Assignment) -> None:
    key = uuid.uuid4()
    assert ask(lent, key=key) == ask(lent, "Again", key=key)
    thread = Thread.objects.get()
    assert reply(thread, key=uuid.UUID(int=7)) == reply(thread, key=uuid.UUID(int=7))
    assert Comment.objects.count() == 2


def test_key_of_another_thread_is_refused(project: Project, lent: Assignment) -> None:
    key = uuid.uuid4()
    ask(lent, "Mine", key=key)
    other = answer(make_participant(project), 1)
    with pytest.raises(ConflictError, match="stored already"):
        ask(other, "Theirs", key=key)


@pytest.mark.parametrize(
    ("text", "words"), [("  \n\x00 ", "is empty"), ("x" * 4001, "4,001 characters")]
)
def test_text_is_checked(lent: Assignment, text: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        ask(lent, text)
    assert not Comment.objects.exists()


def test_full_thread_takes_no_more(lent: Assignment) -> None:
    thread = ask(lent).thread
    Thread.objects.filter(pk=thread.pk).update(n_comments=comments.MAX_COMMENTS)
    with pytest.raises(ConflictError, match="takes no more"):
        ask(lent)


def test_nobody_writes_to_who_is_not_there(project: Project, lent: Assignment) -> None:
    Participant.objects.update(user=None)
    annotation = lent.annotation
    assert annotation is not None
    annotation.participant.refresh_from_db()
    with pytest.raises(ConflictError, match="Nobody would read this"):
        comments.talk_about(
            annotation=annotation, by=project.created_by, role="owner", text="Hello?"
        )


def test_log_holds_no_word(lent: Assignment) -> None:
    reply(ask(lent, "a private word").thread, "another word")
    logged = Event.objects.filter(kind="comment_written")
    assert logged.count() == 2
    assert "word" not in str(list(logged.values("data")))


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_take_two_numbers() -> None:
    project = make_project()
    make_items(project, 1)
    lent = answer(make_participant(project), 1)
    gate = threading.Barrier(4)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        gate.wait()
        try:
            ask(Assignment.objects.get(pk=lent.pk), f"Word {number}")
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=[n]) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert sorted(Comment.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert Thread.objects.get().n_comments == 4


def test_erased_text_leaves_the_thread_readable(
    lent: Assignment, person: Participant
) -> None:
    ask(lent)
    Comment.objects.update(text="")
    assert own_threads(person)[0].last == ""
