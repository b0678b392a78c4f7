"""Nobody who annotates learns a verdict before the policy lets them.

Each verdict holds words that nothing else says. They are hunted in whatever the person
can reach: every address of the site, by the session and by the token, with the head,
the cookies and the session of each response, and the copy of the own data.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.staticfiles.finders import get_finders
from django.test import Client
from django.urls import reverse

from annotation.answers import parse_questions, to_presented
from annotation.models import (
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Exposure,
    Item,
    Participant,
    PreAnnotation,
    Project,
    QuestionsVersion,
)
from annotation.suggestion_words import sentence
from tests.factories import make_items, make_participant, make_project
from tests.security.addresses import content, filled, patterns
from tests.suggestions.conftest import (
    age,
    draw_so_that,
    end,
    make_machine,
    suggest,
)

ORDER = {"tiers": [[3], [1, 4], [0, 2]], "unacceptable": []}
ANSWER = {"tiers": [[0], [1], [2], [3], [4]], "unacceptable": []}
QUESTION = {"name": "order", "type": "ranking", "title": "Your order"}
# The machine itself is told in no arm and at no time.
JUDGE = "qqjudge-8842"
METHODS = ("get", "post", "put", "patch", "delete")
HIDDEN = ("blind", "revealed")


class Seat(NamedTuple):
    """A person at work, by the session of a browser and by a token."""

    person: Participant
    session: Client
    token: Client
    project: Project

    @property
    def clients(self) -> tuple[Client, Client]:
        return self.session, self.token


@pytest.fixture
def study(db: None) -> Project:
    """A project of eight items with a verdict each, all with words of their own."""
    project = make_project()
    version = project.current_questions()
    assert version is not None
    QuestionsVersion.objects.filter(project=project).update(questions=[QUESTION])
    machine = make_machine(project, JUDGE, protocol="ranking", model=JUDGE)
    for item in make_items(project, 8, n_completions=5):
        PreAnnotation.objects.create(
            project=project,
            item=item,
            machine=machine,
            questions_version=version,
            answers={"order": ORDER},
            raw=secret(item),
            metadata={
                "rationale": f"It is so since {secret(item)}.",
                "critiques": [secret(item)],
            },
        )
    # Of English items a reason that names nobody is told in any order.
    Item.objects.filter(project=project).update(language="en")
    age(project)
    return project


@pytest.fixture
def seat(study: Project, token_client: Callable[..., Client]) -> Seat:
    return seat_of(study, token_client)


def seat_of(project: Project, token_client: Callable[..., Client]) -> Seat:
    person = make_participant(project)
    document, _ = ConsentDocument.objects.get_or_create(
        project=project, number=1, defaults={"text": "Yes?", "scopes": []}
    )
    ConsentRecord.objects.create(participant=person, document=document)
    assert person.user is not None
    browser = Client()
    browser.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    return Seat(person, browser, token_client(person.user), project)


def secret(item: Item) -> str:
    return f"zyxqv-{item.number:04d}-verdict"


def telling(item: Item, assignment: Assignment | None) -> list[str]:
    """Return what would give the verdict on an item away."""
    words = [secret(item), JUDGE]
    if assignment is not None:
        questions = parse_questions([QUESTION])
        shown = to_presented(questions, {"order": ORDER}, assignment.order or [])
        for is_hedged in (False, True):
            words.append(sentence(questions[0], shown["order"], is_hedged=is_hedged))
    return words


def known_values(seat: Seat) -> dict[str, list[Any]]:
    keys: list[Any] = []
    for table in (Assignment, Item, PreAnnotation):
        rows = table.objects.filter(project=seat.project).order_by("id")
        keys += rows.values_list("public_id", flat=True)[:2]
    machine = seat.project.machine_annotators.get()
    return {
        "SlugConverter": [seat.project.slug],
        "UUIDConverter": [*keys, machine.public_id],
        "IntConverter": [1, machine.pk],
        "StringConverter": ["raw", "person"],
        "PathConverter": ["nothing"],
    }


def own_addresses(seat: Seat) -> Iterator[str]:
    """Yield what an annotator's pages and calls read, for each own assignment."""
    slug = seat.project.slug
    for name in ("annotate", "desk", "history", "your_data", "own_threads"):
        yield reverse(name, args=[slug])
    yield reverse("desk", args=[slug]) + "?ahead=1"
    for row in Assignment.objects.filter(participant=seat.person):
        yield reverse("api_own", args=[row.public_id])
        yield reverse("api_comments", args=[row.public_id])
        yield reverse("history_item", args=[slug, row.public_id])
        yield reverse("change_answer", args=[slug, row.public_id])
        for name in ("", "_differences", "_feedback", "_revealed", "_change"):
            yield reverse(f"desk{name}", args=[slug]) + f"?of={row.public_id}"


def read(seat: Seat) -> Iterator[tuple[str, str]]:
    """Yield the address and all that is told there, by either client."""
    for client in seat.clients:
        for address in own_addresses(seat):
            yield address, content(client.get(address), client)
    for name in ("your_data_file", "your_data_zip"):
        address = reverse(name, args=[seat.project.slug])
        yield address, content(seat.session.get(address), seat.session)


def found(seat: Seat, words: list[str]) -> list[tuple[str, str]]:
    """Return each address that tells one of the words."""
    return [(at, word) for at, told in read(seat) for word in words if word in told]


def call(seat: Seat, name: str, key: object, body: object = None) -> Any:
    """Call the API as the page's script does; return the response."""
    send = seat.token.put if name == "api_draft" else seat.token.post
    return send(reverse(name, args=[key]), json.dumps(body or {}), "application/json")


def lend(seat: Seat, *, ahead: bool = False) -> tuple[Assignment, str]:
    """Take the next item; return it with what the response told."""
    response = call(seat, "api_next", seat.project.slug, {"ahead": ahead})
    key = response.json()["assignment"]["id"]
    row = Assignment.objects.select_related("item").get(public_id=key)
    return row, content(response, seat.token)


def answer(**more: object) -> dict[str, object]:
    body = {"submission_id": str(uuid.uuid4()), "answers": {"order": ANSWER}}
    return {**body, **more}


def assert_hidden(seat: Seat, row: Assignment, *told: str) -> None:
    words = telling(row.item, row)
    assert found(seat, words) == []
    assert [word for word in words for text in told if word in text] == []


def test_no_address_tells_what_is_hidden(study: Project, seat: Seat) -> None:
    """Every address there is, while one item is open and another one lies ahead."""
    suggest(study, study.machine_annotators.get(), {"revealed": 1}, has_reason=True)
    held = [lend(seat)[0], lend(seat, ahead=True)[0]]
    words = [word for row in held for word in telling(row.item, row)]
    known, n_asked = known_values(seat), 0
    for pattern in patterns():
        for address in filled(pattern, known):
            for client in seat.clients:
                told = content(client.get(address), client)
                n_asked += 1
                assert [word for word in words if word in told] == [], address
    assert n_asked > 500
    assert set(Exposure.objects.values_list("arm", "visible_at")) == {
        ("revealed", None)
    }


@pytest.mark.parametrize("arm", HIDDEN)
def test_nothing_is_told_before_the_first_answer(
    study: Project, seat: Seat, arm: str
) -> None:
    suggest(study, study.machine_annotators.get(), {arm: 1}, has_reason=True)
    slug = study.slug
    before = [word for item in Item.objects.all() for word in telling(item, None)]
    assert found(seat, before) == []
    row, told = lend(seat)
    assert_hidden(seat, row, told)
    ahead, told = lend(seat, ahead=True)
    assert_hidden(seat, ahead, told)
    key = row.public_id
    draft = {"answers": {"order": ANSWER}, "revision": 0, "tab": "t"}
    said = [
        call(seat, "api_beat", key),
        call(seat, "api_draft", key, draft),
        call(seat, "api_flag", key, {"kind": "other", "note": "?"}),
        call(seat, "api_comments", key, {"text": "What does the AI say?"}),
        call(seat, "api_back", key),
        call(seat, "api_submit", key, answer(answers={})),
        call(seat, "api_submit", key, answer(answers={"order": ORDER | {"x": 1}})),
        call(seat, "api_submit", key, {"submission_id": "none"}),
        call(seat, "api_submit", key, ["broken"]),
        call(seat, "api_submit", uuid.uuid4(), answer()),
        seat.session.get(reverse("annotate", args=[slug])),
    ]
    assert_hidden(seat, row, *(content(one, seat.token) for one in said))
    call(seat, "api_release", key)
    assert_hidden(seat, row)
    again, told = lend(seat)
    assert_hidden(seat, again, told)
    call(seat, "api_skip", again.public_id, {"reason": "I cannot decide"})
    assert_hidden(seat, again)
    assert not Exposure.objects.exclude(visible_at=None).exists()


def test_blind_stays_blind_whatever_is_done(study: Project, seat: Seat) -> None:
    suggest(study, study.machine_annotators.get(), {"blind": 1}, has_reason=True)
    row, _ = lend(seat)
    body = answer()
    said = [call(seat, "api_submit", row.public_id, body) for _ in range(2)]
    assert [one.status_code for one in said] == [201, 200]
    assert all("suggestion" not in one.json() for one in said)
    assert_hidden(seat, row, *(content(one, seat.token) for one in said))
    changed = call(seat, "api_submit", row.public_id, answer())
    assert_hidden(seat, row, content(changed, seat.token))
    back = call(seat, "api_back", row.public_id)
    assert back.status_code == 200
    assert_hidden(seat, row, content(back, seat.token))
    last = call(seat, "api_submit", row.public_id, answer())
    assert_hidden(seat, row, content(last, seat.token))


def test_the_first_answer_tells_its_own_verdict_alone(
    study: Project, seat: Seat, token_client: Callable[..., Client]
) -> None:
    suggest(study, study.machine_annotators.get(), {"revealed": 1}, has_reason=True)
    Project.objects.filter(pk=study.pk).update(overlap=2)
    row, _ = lend(seat)
    ahead, _ = lend(seat, ahead=True)
    body = answer()
    first = call(seat, "api_submit", row.public_id, body)
    reason = f"It is so since {secret(row.item)}."
    told = first.json()["suggestion"]
    assert (first.status_code, told["reason"]) == (201, reason)
    assert told["words"] in telling(row.item, row)
    # The response was lost, and the device sends it again.
    again = call(seat, "api_submit", row.public_id, body)
    assert (again.status_code, again.json()["suggestion"]) == (200, told)
    # The machine is told nowhere, and the item ahead not at all.
    assert found(seat, [JUDGE]) == []
    assert_hidden(seat, ahead, content(first, seat.token))
    # Nor does somebody else learn it, who has the same item still before them.
    other = seat_of(study, token_client)
    theirs, text = lend(other)
    assert_hidden(other, theirs, text)
    assert found(other, [secret(row.item)]) == []
    stranger = reverse("api_own", args=[row.public_id])
    assert other.token.get(stranger).status_code == 404


def test_ended_between_it_reveals_nothing(study: Project, seat: Seat) -> None:
    suggest(study, study.machine_annotators.get(), {"revealed": 1}, has_reason=True)
    row, _ = lend(seat)
    end(study)
    body = answer()
    said = [call(seat, "api_submit", row.public_id, body) for _ in range(2)]
    assert_hidden(seat, row, *(content(one, seat.token) for one in said))


def test_a_verdict_that_comes_late_is_told_nowhere(study: Project, seat: Seat) -> None:
    policy = suggest(
        study, study.machine_annotators.get(), {"shown": 1}, has_reason=True
    )
    verdicts = list(PreAnnotation.objects.all())
    PreAnnotation.objects.all().delete()
    row, _ = lend(seat)
    PreAnnotation.objects.bulk_create(verdicts)
    assert policy.machine_id
    # What is stored now came after the item was lent.
    Assignment.objects.filter(pk=row.pk).update(created_at="2001-01-01T00:00:00Z")
    assert_hidden(seat, row)
    done = call(seat, "api_submit", row.public_id, answer())
    assert_hidden(seat, row, content(done, seat.token))
    assert not Exposure.objects.filter(assignment=row).exists()


@pytest.mark.parametrize("arm", ["shown", "hedged"])
def test_what_is_shown_tells_no_machine_and_no_other_item(
    study: Project, seat: Seat, arm: str
) -> None:
    suggest(study, study.machine_annotators.get(), {arm: 1}, has_reason=True)
    row, told = lend(seat)
    assert secret(row.item) in told
    others = Item.objects.exclude(pk=row.item_id)
    words = [JUDGE, *(secret(item) for item in others)]
    assert [word for word in words if word in told] == []
    at = {"assignment": reverse("api_own", args=[row.public_id])}
    assert found(seat, [JUDGE]) == []
    assert secret(row.item) in content(seat.token.get(at["assignment"]), seat.token)


def test_the_hunt_finds_what_is_there(study: Project, seat: Seat) -> None:
    suggest(study, study.machine_annotators.get(), {"shown": 1}, has_reason=True)
    row, _ = lend(seat)
    slug, key = study.slug, row.public_id
    caught = {at for at, _ in found(seat, telling(row.item, row))}
    assert caught == {
        reverse("annotate", args=[slug]),
        reverse("desk", args=[slug]),
        reverse("desk", args=[slug]) + f"?of={key}",
        reverse("api_own", args=[key]),
        reverse("your_data_file", args=[slug]),
        reverse("your_data_zip", args=[slug]),
    }


def test_no_arm_is_told(study: Project, seat: Seat) -> None:
    arms = {"blind": 1, "revealed": 1, "hedged": 1, "shown": 1}
    policy = suggest(study, study.machine_annotators.get(), arms)
    draw_so_that(policy, seat.person, lambda drawn: set(drawn) == set(arms))
    for _ in range(8):
        row, _told = lend(seat)
        call(seat, "api_submit", row.public_id, answer())
    assert set(Exposure.objects.values_list("arm", flat=True)) == set(arms)
    names = [f'"{arm}"' for arm in ("blind", "hedged", "propensity", "arm")]
    assert found(seat, names) == []


def test_annotators_reach_no_address_of_models(study: Project, seat: Seat) -> None:
    suggest(study, study.machine_annotators.get(), {"shown": 1})
    lend(seat)
    known, n_asked = known_values(seat), 0
    theirs = [one for one in patterns() if one.module.startswith("models_service")]
    for pattern in theirs:
        for address in filled(pattern, known):
            for client in seat.clients:
                told = [getattr(client, method)(address) for method in METHODS]
                n_asked += len(told)
                codes = {response.status_code for response in told}
                # One that takes no such method says so to everybody.
                if client is seat.token and not address.startswith("/api/"):
                    # Pages know no token: they send to the log-in.
                    assert codes <= {302, 405}, address
                else:
                    assert 404 in codes <= {404, 405}, address
                for response in told:
                    assert "zyxqv" not in content(response, client), address
    assert n_asked > 200


def test_no_file_of_the_site_holds_a_verdict(study: Project, seat: Seat) -> None:
    suggest(study, study.machine_annotators.get(), {"shown": 1})
    lend(seat)
    n_files = 0
    for finder in get_finders():
        for path, storage in finder.list([]):
            with storage.open(path) as file:
                assert b"zyxqv" not in file.read()
            n_files += 1
    assert n_files > 30
