"""The pay page: for owners alone, its list, its marks and the platform's list."""

import csv
import io
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.models import Assignment, Enrolment, Event, Project
from annotation.services import endings
from annotation.services.assignments import claim_next
from annotation.services.pay import mark_paid, pay_list
from annotation.services.submissions import submit
from tests.factories import make_member, make_project
from tests.recruit.conftest import Recruit, client_of, pid, recruiting

State = Enrolment.State
SEVEN = {
    "pay_amount": Decimal("7.00"),
    "floor_per_hour": Decimal(9),
    "screen_out_amount": Decimal("0.50"),
}


def complete(
    enrolment: Enrolment, project: Project, minutes: int = 60, n_items: int = 2
) -> None:
    """Answer what is wanted, the last answer so many minutes after the start."""
    person = enrolment.participant
    for _ in range(n_items):
        assignment = claim_next(participant=person, project=project)
        assert assignment is not None
        submit(
            assignment=assignment,
            submission_id=uuid.uuid4(),
            answers={"preference": {"value": 1}},
        )
    endings.conclude(participant=person, reason="wanted_done")
    start = timezone.now() - timedelta(minutes=minutes)
    Enrolment.objects.filter(pk=enrolment.pk).update(created_at=start)
    Assignment.objects.filter(participant=person).update(
        finished_at=start + timedelta(minutes=minutes)
    )


@pytest.fixture
def study(db: None) -> Project:
    """A project with room for many, which pays 7 and promises 9 an hour."""
    return recruiting(n_items=4, overlap=5, **SEVEN)


def rows_of(project: Project, query: str = "") -> list[dict[str, str]]:
    """Return the downloaded list."""
    client = client_of(project.created_by)
    text = client.get(reverse("pay_file", args=[project.slug]) + query).content
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.mark.parametrize("role", ["researcher", "annotator"])
def test_only_owners_reach_it(study: Project, recruit: Recruit, role: str) -> None:
    enrolment = recruit(study)
    client = client_of(make_member(study, role))
    for name in ("pay", "pay_file", "pay_chart"):
        assert client.get(reverse(name, args=[study.slug])).status_code == 404
    for name in ("pay_all", "pay_statuses"):
        assert client.post(reverse(name, args=[study.slug])).status_code == 404
    address = reverse("pay_act", args=[study.slug, enrolment.public_id])
    assert client.post(address, {"do": "returned"}).status_code == 404
    enrolment.refresh_from_db()
    assert enrolment.state == State.WORKING


def test_an_owner_of_another_project_changes_nothing_here(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    other = recruiting()
    client = client_of(other.created_by)
    address = reverse("pay_act", args=[other.slug, enrolment.public_id])
    assert client.post(address, {"do": "returned"}).status_code == 404


def test_the_page_shows_ids_and_no_pseudonym(study: Project, recruit: Recruit) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    page = client_of(study.created_by).get(reverse("pay", args=[study.slug]))
    text = page.content.decode()
    assert pid(1) in text
    assert enrolment.participant.pseudonym not in text
    assert "no-store" in page.headers["Cache-Control"]
    assert "below the floor of 9.00" in text


def test_a_project_that_recruits_nobody_says_so(db: None) -> None:
    project = make_project()
    client = client_of(project.created_by)
    page = client.get(reverse("pay", args=[project.slug]))
    assert b"recruits nobody yet" in page.content
    assert client.get(reverse("pay_file", args=[project.slug])).status_code == 404


def test_the_list_says_whom_to_pay_and_how_much(
    study: Project, recruit: Recruit
) -> None:
    complete(recruit(study, 1), study)
    endings.conclude(participant=recruit(study, 2).participant, reason="quota_full")
    endings.close(participant=recruit(study, 3).participant, state=State.TIMED_OUT)
    recruit(study, 4)
    rows = rows_of(study)
    assert [row["external_id"] for row in rows] == [pid(1), pid(2)]
    done, out = rows
    assert (done["amount"], done["bonus"], done["total"]) == ("7.00", "2.00", "9.00")
    assert (done["currency"], done["state"], done["items"]) == ("GBP", "completed", "2")
    assert (done["session_id"], done["study_id"]) == ("s1", "study1")
    assert (out["amount"], out["bonus"]) == ("0.50", "0.00")
    assert len(rows_of(study, "?all=1")) == 4
    assert Event.objects.filter(kind="pay_list_read").count() == 2


def test_no_cell_of_the_list_becomes_a_formula(
    study: Project, recruit: Recruit
) -> None:
    complete(recruit(study), study)
    client = client_of(study.created_by)
    answer = client.get(reverse("pay_file", args=[study.slug]))
    assert "attachment" in answer.headers["Content-Disposition"]
    for row in csv.reader(io.StringIO(answer.content.decode())):
        assert not [cell for cell in row if cell[:1] in "=+-@\t\r" and cell]


def test_a_payment_is_marked_once_and_can_be_taken_back(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    client = client_of(study.created_by)
    address = reverse("pay_act", args=[study.slug, enrolment.public_id])
    assert client.post(address, {"do": "paid"}).status_code == 302
    assert client.post(address, {"do": "paid"}).status_code == 409
    enrolment.refresh_from_db()
    assert enrolment.paid_amount == Decimal("9.00")
    assert rows_of(study) == []
    assert pay_list(study).owed == 0
    assert client.post(address, {"do": "unpaid"}).status_code == 302
    assert client.post(address, {"do": "unpaid"}).status_code == 409
    assert len(rows_of(study)) == 1
    kinds = Event.objects.filter(kind__contains="marked_paid").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "marked_paid",
        "unmarked_paid",
    ]
    assert kinds[0].data["amount"] == "9.00"


def test_all_are_marked_at_once(study: Project, recruit: Recruit) -> None:
    for number in (1, 2):
        complete(recruit(study, number), study)
    recruit(study, 3)
    client = client_of(study.created_by)
    client.post(reverse("pay_all", args=[study.slug]))
    assert Enrolment.objects.exclude(paid_at=None).count() == 2
    assert mark_paid(project=study, ids=None, by=study.created_by) == 0


@pytest.mark.parametrize("act", ["", "delete", "working"])
def test_an_unknown_button_does_nothing(
    study: Project, recruit: Recruit, act: str
) -> None:
    enrolment = recruit(study)
    client = client_of(study.created_by)
    address = reverse("pay_act", args=[study.slug, enrolment.public_id])
    assert client.post(address, {"do": act}).status_code == 422


def test_who_is_marked_as_returned_gives_items_back_and_may_come_in_again(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    held = claim_next(participant=enrolment.participant, project=study)
    assert held is not None
    client = client_of(study.created_by)
    address = reverse("pay_act", args=[study.slug, enrolment.public_id])
    client.post(address, {"do": "returned"})
    held.refresh_from_db()
    assert held.state == "expired"
    assert claim_next(participant=enrolment.participant, project=study) is None
    client.post(address, {"do": "take_in"})
    again = claim_next(participant=enrolment.participant, project=study)
    assert again is not None


def upload(project: Project, text: str, name: str = "list.csv"):  # type: ignore[no-untyped-def]  # the test client's own response
    """Send the platform's list."""
    client = client_of(project.created_by)
    file = SimpleUploadedFile(name, text.encode(), "text/csv")
    return client.post(reverse("pay_statuses", args=[project.slug]), {"file": file})


def test_the_platform_s_list_is_taken_over(study: Project, recruit: Recruit) -> None:
    people = [recruit(study, number) for number in (1, 2, 3, 4)]
    held = claim_next(participant=people[0].participant, project=study)
    assert held is not None
    complete(people[3], study)
    lines = [
        "Submission id,Participant id,Status,Completion code",
        f"a,{pid(1)},RETURNED,",
        f"b,{pid(2)},TIMED-OUT,",
        f"c,{pid(3)},ACTIVE,",
        f"d,{pid(4)},AWAITING REVIEW,C1DONE77",
        f"e,{pid(9)},RETURNED,",
    ]
    assert upload(study, "\ufeff" + "\r\n".join(lines)).status_code == 302
    for person in people:
        person.refresh_from_db()
    assert [p.state for p in people] == [
        "returned",
        "timed_out",
        "working",
        "completed",
    ]
    assert [p.provider_status for p in people] == [
        "returned",
        "timed_out",
        "active",
        "awaiting_review",
    ]
    held.refresh_from_db()
    assert held.state == "expired"


def test_a_rejected_person_is_not_on_the_list(study: Project, recruit: Recruit) -> None:
    complete(recruit(study), study)
    upload(study, f"workerId;AssignmentStatus\n{pid(1)};Rejected\n")
    assert rows_of(study) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty"),
        ("name,status\nx,RETURNED\n", "No column has the ids"),
        ("id,code\nx,y\n", "No column has the statuses"),
        (f"id,status\n{pid(1)},RETURNED\n{pid(1)},ACTIVE\n", "Row 3 tells another"),
        (f"id,status\n{pid(1)},RETURNED\n{pid(2)},GONE\n", "Row 3 has the status"),
        (f"id,status\n{pid(1)},RETURNED\n,ACTIVE\n", "Row 3 has no id"),
        (f"id,status\n{pid(1)},RETURNED\n{pid(8)},APPROVED\n", "Row 3: nobody"),
        (f"id,status\n{pid(1)},RETURNED\n{pid(2)}\n", "Row 3 has no id or no"),
        ('id,status\n"x,RETURNED\n', "no CSV file"),
    ],
)
def test_a_faulty_list_changes_nothing(
    study: Project, recruit: Recruit, text: str, words: str
) -> None:
    enrolment = recruit(study)
    page = upload(study, text)
    assert page.status_code == 422
    assert words in page.content.decode()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.provider_status) == ("working", "")


def test_no_file_is_said(study: Project) -> None:
    client = client_of(study.created_by)
    page = client.post(reverse("pay_statuses", args=[study.slug]))
    assert page.status_code == 422
    assert b"Choose the file first" in page.content


def test_the_list_costs_the_same_number_of_queries_for_more_people(
    study: Project, recruit: Recruit
) -> None:
    counts = []
    for number in (1, 2, 3):
        recruit(study, number)
        with CaptureQueriesContext(connection) as queries:
            pay_list(study)
        counts.append(len(queries))
    assert counts == [5, 5, 5]


def test_the_plot_can_be_downloaded(study: Project, recruit: Recruit) -> None:
    complete(recruit(study), study)
    client = client_of(study.created_by)
    answer = client.get(reverse("pay_chart", args=[study.slug]))
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    text = answer.content.decode()
    assert text.count("<circle") == 1
    assert "below the floor of 9.00" in text
    assert pid(1) not in text
