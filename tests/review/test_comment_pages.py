"""Who reads and writes comments: an annotator their own, the team all, others none."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Assignment,
    Comment,
    ConsentDocument,
    ConsentRecord,
    Participant,
    Project,
    Thread,
)
from annotation.selectors.comments import n_unread
from annotation.services import assignments, comments
from tests.factories import make_participant
from tests.manage.conftest import answer, answer_item

OWN = ("own_thread", "own_comment")
TEAM = ("thread_reply", "thread_settle", "answer_talk", "lease_talk")
Login = Callable[[User], Client]


@pytest.fixture
def lent(project: Project) -> Assignment:
    """An answered item, about which its annotator has asked something."""
    made = answer(make_participant(project), 2)
    comments.write_to_team(assignment=made, text="Is <b>this</b> a trick?")
    return made


@pytest.fixture
def thread(lent: Assignment) -> Thread:
    """The thread of that question."""
    return Thread.objects.get(participant=lent.participant)


@pytest.fixture
def browser(lent: Assignment, login: Login) -> Client:
    """The browser of who asked."""
    assert lent.participant.user is not None
    return login(lent.participant.user)


@pytest.fixture
def colleague(lent: Assignment, login: Login) -> tuple[Client, Participant]:
    """Another annotator who answered the same item, and their browser."""
    person = make_participant(lent.project)
    answer_item(lent.item, -2, person)
    assert person.user is not None
    return login(person.user), person


def address(name: str, lent: Assignment, thread: Thread) -> str:
    keys = {
        "own_thread": thread.public_id,
        "own_comment": lent.public_id,
        "thread_reply": thread.public_id,
        "thread_settle": thread.public_id,
        "answer_talk": lent.annotation.public_id if lent.annotation else None,
        "lease_talk": lent.public_id,
    }
    return reverse(name, args=[lent.project.slug, keys[name]])


def item_page(client: Client, lent: Assignment) -> str:
    to = reverse("item", args=[lent.project.slug, lent.item.public_id])
    return client.get(to).content.decode()


def own_page(client: Client, lent: Assignment) -> str:
    to = reverse("history_item", args=[lent.project.slug, lent.public_id])
    return client.get(to).content.decode()


@pytest.mark.parametrize("name", [*OWN, *TEAM])
def test_outsider_finds_nothing(
    name: str, lent: Assignment, thread: Thread, outsider: Client
) -> None:
    call = outsider.get if name == "own_thread" else outsider.post
    assert call(address(name, lent, thread), {"text": "Hello"}).status_code == 404


@pytest.mark.parametrize("name", [*OWN, *TEAM])
def test_other_annotator_finds_nothing(
    name: str,
    lent: Assignment,
    thread: Thread,
    colleague: tuple[Client, Participant],
) -> None:
    client, _ = colleague
    call = client.get if name == "own_thread" else client.post
    assert call(address(name, lent, thread), {"text": "Hello"}).status_code == 404
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("name", TEAM)
def test_annotator_is_not_of_the_team(
    name: str, lent: Assignment, thread: Thread, browser: Client
) -> None:
    response = browser.post(address(name, lent, thread), {"text": "Hello"})
    assert response.status_code == 404


@pytest.mark.parametrize("name", ["own_comment", *TEAM])
def test_a_link_writes_nothing(
    name: str, lent: Assignment, thread: Thread, owner: Client
) -> None:
    assert owner.get(address(name, lent, thread)).status_code == 405


@pytest.mark.parametrize("name", [*OWN, *TEAM])
def test_stranger_is_sent_to_the_log_in(
    name: str, lent: Assignment, thread: Thread, client: Client
) -> None:
    call = client.get if name == "own_thread" else client.post
    assert call(address(name, lent, thread)).status_code == 302


def test_team_reads_every_thread_and_its_text_is_safe(
    lent: Assignment, researcher: Client, colleague: tuple[Client, Participant]
) -> None:
    page = item_page(researcher, lent)
    assert "Is &lt;b&gt;this&lt;/b&gt; a trick?" in page
    assert lent.participant.pseudonym in page


def test_other_annotator_reads_neither_words_nor_name(
    lent: Assignment, colleague: tuple[Client, Participant]
) -> None:
    client, person = colleague
    own = Assignment.objects.get(participant=person)
    for page in (
        own_page(client, own),
        client.get(reverse("own_threads", args=[lent.project.slug])).content.decode(),
    ):
        assert "a trick?" not in page
        assert lent.participant.pseudonym not in page


def test_annotator_reads_the_answer_without_the_name_of_who_wrote(
    lent: Assignment, thread: Thread, owner: Client, browser: Client, project: Project
) -> None:
    body = {"text": "No, it is not.", "shown": "1"}
    response = owner.post(address("thread_reply", lent, thread), body)
    assert response["Location"].endswith(f"#thread-{thread.public_id}")
    home = browser.get("/").content.decode()
    assert "1 new message of the research team" in home
    desk = browser.get(reverse("annotate", args=[project.slug])).content.decode()
    assert "1 new message of the research team" in desk
    page = own_page(browser, lent)
    assert "No, it is not." in page
    assert project.created_by.username not in page
    assert n_unread(lent.participant) == 0


def test_question_stands_on_the_dashboard_until_it_is_answered(
    lent: Assignment, thread: Thread, researcher: Client, project: Project
) -> None:
    dashboard = reverse("dashboard", args=[project.slug])
    assert "Questions waiting" in researcher.get(dashboard).content.decode()
    assert "1 question of annotators waits" in researcher.get("/").content.decode()
    researcher.post(address("thread_settle", lent, thread), {"shown": "1"})
    assert "Questions waiting" not in researcher.get(dashboard).content.decode()


def test_second_press_stores_nothing_more(
    lent: Assignment, thread: Thread, browser: Client, owner: Client
) -> None:
    for client, name, key in (
        (browser, "own_comment", "7b0c2d5e-3c55-4f6e-9a57-0d6f5c0f2b11"),
        (owner, "answer_talk", "7b0c2d5e-3c55-4f6e-9a57-0d6f5c0f2b12"),
    ):
        for _ in range(2):
            client.post(address(name, lent, thread), {"text": "Twice", "key": key})
    assert Comment.objects.filter(text="Twice").count() == 2


def test_empty_comment_is_refused_in_a_sentence(
    lent: Assignment, thread: Thread, browser: Client
) -> None:
    response = browser.post(address("own_comment", lent, thread), {"text": " "})
    assert response.status_code == 422
    assert "Write what you want to say." in response.content.decode()


def test_thread_of_an_unanswered_item_has_a_page_of_its_own(
    lent: Assignment, browser: Client, project: Project
) -> None:
    other = assignments.claim_next(participant=lent.participant, project=project)
    assert other is not None
    made = comments.write_to_team(assignment=other, text="Half a text?")
    page = browser.get(
        reverse("own_thread", args=[project.slug, made.thread.public_id])
    )
    assert page.status_code == 200
    assert "Half a text?" in page.content.decode()


def test_who_took_the_consent_back_writes_no_more(
    lent: Assignment, thread: Thread, browser: Client, project: Project
) -> None:
    document = ConsentDocument.objects.filter(project=project).latest("number")
    ConsentRecord.objects.create(
        participant=lent.participant,
        document=document,
        withdrawn_at=document.created_at,
    )
    Participant.objects.filter(pk=lent.participant_id).update(is_ready=False)
    response = browser.post(address("own_comment", lent, thread), {"text": "Hello"})
    assert response.status_code == 403


# --- the calls of the desk ----------------------------------------------------------


def send(
    client: Client, lent: Assignment, **body: object
) -> tuple[int, dict[str, object]]:
    response = client.post(
        reverse("api_comments", args=[lent.public_id]),
        json.dumps(body),
        "application/json",
    )
    return response.status_code, response.json()


def test_desk_writes_and_reads_its_thread(
    lent: Assignment, thread: Thread, browser: Client, project: Project
) -> None:
    comments.reply(
        thread=thread, by=project.created_by, role="owner", text="No.", n_shown=1
    )
    status, _ = send(browser, lent, text="Good.", n_shown=2)
    assert status == 201
    found = browser.get(reverse("api_comments", args=[lent.public_id])).json()
    assert [(one["by"], one["text"]) for one in found["comments"]] == [
        ("you", "Is <b>this</b> a trick?"),
        ("team", "No."),
        ("you", "Good."),
    ]
    assert n_unread(lent.participant) == 0


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": 4}, {"text": "x", "comment_id": "no"}]
)
def test_desk_is_told_what_is_wrong(
    lent: Assignment, browser: Client, body: dict[str, object]
) -> None:
    status, answered = send(browser, lent, **body)
    assert status == 422
    assert str(answered["message"]).endswith(".")


def test_desk_of_another_person_finds_nothing(
    lent: Assignment, colleague: tuple[Client, Participant]
) -> None:
    client, _ = colleague
    assert send(client, lent, text="Hello")[0] == 404
    assert client.get(reverse("api_comments", args=[lent.public_id])).status_code == 404


def test_the_team_writes_to_who_has_the_item_in_hand(
    project: Project, owner: Client, login: Login
) -> None:
    person = make_participant(project)
    held = assignments.claim_next(participant=person, project=project)
    assert held is not None
    assert "Talk about this" in item_page(owner, held)
    to = reverse("lease_talk", args=[project.slug, held.public_id])
    assert owner.post(to, {"text": "Take your time."}).status_code == 302
    assert n_unread(person) == 1
    assert person.user is not None
    thread = Thread.objects.get(participant=person)
    own = reverse("own_thread", args=[project.slug, thread.public_id])
    assert "Take your time." in login(person.user).get(own).content.decode()
    assert Comment.objects.get().annotation is None


@pytest.mark.parametrize("state", ["queued", "skipped", "expired", "released"])
def test_who_does_not_have_the_item_is_not_written_to(
    project: Project, owner: Client, state: str
) -> None:
    held = assignments.claim_next(
        participant=make_participant(project), project=project
    )
    assert held is not None
    Assignment.objects.filter(pk=held.pk).update(state=state)
    assert f"/leases/{held.public_id}/talk/" not in item_page(owner, held)
    to = reverse("lease_talk", args=[project.slug, held.public_id])
    said = owner.post(to, {"text": "Hello"})
    assert said.status_code == 409
    assert "neither has the item in hand nor has answered it" in said.content.decode()
    assert not Comment.objects.exists()
