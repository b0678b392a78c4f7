"""Who has withdrawn is still paid: until then an amount and an id are kept."""

import re
import struct
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotation.models import (
    ConsentDocument,
    Enrolment,
    Event,
    ExternalIdentity,
    OwedPay,
    Project,
)
from annotation.services import endings
from annotation.services.enrolments import find_enrolment
from annotation.services.pay import mark_paid, pay_list
from annotation.services.withdrawals import TIMES_OF_ENROLMENT, withdraw
from tests.factories import make_member
from tests.recruit.conftest import Recruit, client_of, pid, recruiting
from tests.recruit.test_pay_page import SEVEN, complete, rows_of

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def study(db: None) -> Project:
    """A project that pays 7 and promises 9 an hour."""
    return recruiting(n_items=4, overlap=5, **SEVEN)


@pytest.fixture
def gone(study: Project, recruit: Recruit) -> OwedPay:
    """What is owed to somebody who completed, then withdrew."""
    enrolment = recruit(study)
    complete(enrolment, study)
    withdraw(participant=enrolment.participant)
    return OwedPay.objects.get()


def test_who_completed_is_owed_all_of_it_after_a_withdrawal(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    before = pay_list(study)
    withdraw(participant=enrolment.participant)
    found = pay_list(study)
    (line,) = found.withdrawn
    assert found.lines == ()
    assert found.owed == before.owed == Decimal("9.00")
    assert (line.stored.amount, line.stored.bonus) == (Decimal(7), Decimal(2))
    assert (line.external_id, line.study, line.session) == (pid(1), "study1", "s1")
    assert not ExternalIdentity.objects.exists()
    assert find_enrolment(study, pid(1)) is None


@pytest.mark.parametrize(
    ("is_partial", "owed"), [(True, [Decimal("3.50")]), (False, [])]
)
def test_who_was_at_work_is_owed_their_share_where_the_study_pays_it(
    db: None, recruit: Recruit, is_partial: bool, owed: list[Decimal]
) -> None:
    study = recruiting(4, 5, **SEVEN | {"is_pay_partial": is_partial})
    enrolment = recruit(study)
    complete(enrolment, study, n_items=1)
    withdraw(participant=enrolment.participant)
    assert [one.stored.total for one in pay_list(study).withdrawn] == owed


def test_who_was_screened_out_is_owed_that(study: Project, recruit: Recruit) -> None:
    enrolment = recruit(study)
    endings.conclude(participant=enrolment.participant, reason="quota_full")
    withdraw(participant=enrolment.participant)
    assert pay_list(study).owed == Decimal("0.50")


def test_nothing_is_kept_of_who_did_nothing_or_is_paid(
    study: Project, recruit: Recruit
) -> None:
    idle, paid = recruit(study, 1), recruit(study, 2)
    complete(paid, study)
    mark_paid(project=study, ids=None, by=study.created_by)
    for enrolment in (idle, paid):
        withdraw(participant=enrolment.participant)
    assert not OwedPay.objects.exists()
    assert pay_list(study).paid == Decimal("9.00")


def test_what_is_kept_leads_to_no_answer(gone: OwedPay) -> None:
    with connection.cursor() as db:
        db.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'owed_pay'"
        )
        columns = {name for (name,) in db.fetchall()}
    assert columns == {
        "id",
        "project_id",
        "owed_on",
        "amount",
        "bonus",
        "external_id_encrypted",
        "details_encrypted",
        "paid_at",
    }


@pytest.mark.parametrize("manner", ["erase", "anonymise"])
def test_no_hour_leads_from_the_ids_to_the_person(
    study: Project, recruit: Recruit, manner: str
) -> None:
    ConsentDocument.objects.update(on_withdrawal=manner)
    enrolment = recruit(study)
    complete(enrolment, study)
    withdraw(participant=enrolment.participant)
    owed = OwedPay.objects.get()
    for sealed in (owed.external_id_encrypted, owed.details_encrypted):
        assert sealed is not None
        # A Fernet token tells in clear when it was made.
        (second,) = struct.unpack(">Q", urlsafe_b64decode(bytes(sealed))[1:9])
        made_at = datetime.fromtimestamp(second, UTC)
        assert (made_at.date(), made_at.time()) == (owed.owed_on, time())
    enrolment.refresh_from_db()
    times = [getattr(enrolment, name) for name in TIMES_OF_ENROLMENT]
    kept = [one for one in times if one is not None]
    assert len(kept) == 4
    assert {one.astimezone(UTC).time() for one in kept} == {time()}


def test_a_changed_secret_key_hinders_no_withdrawal(
    study: Project, recruit: Recruit, settings: Settings
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    settings.SECRET_KEY = "another key, which opens nothing that was stored before"
    withdraw(participant=enrolment.participant)
    assert OwedPay.objects.get().total == Decimal(9)


def test_the_list_of_who_to_pay_has_them(study: Project, gone: OwedPay) -> None:
    (row,) = rows_of(study)
    told = {name: value for name, value in row.items() if value}
    assert told == {
        "external_id": pid(1),
        "amount": "7.00",
        "bonus": "2.00",
        "total": "9.00",
        "currency": "GBP",
        "state": "withdrawn",
        "study_id": "study1",
        "session_id": "s1",
    }
    page = client_of(study.created_by).get(reverse("pay", args=[study.slug]))
    assert "Withdrew, still to pay" in page.content.decode()
    assert Event.objects.filter(kind="pay_list_read").get().data["n_lines"] == 1


def test_a_payment_deletes_the_id_and_stays_in_the_sum(
    study: Project, gone: OwedPay
) -> None:
    client = client_of(study.created_by)
    address = reverse("pay_owed", args=[study.slug, gone.pk])
    assert client.post(address, {"do": "perhaps"}).status_code == 422
    assert client.post(address, {"do": "paid"}).status_code == 302
    gone.refresh_from_db()
    assert gone.paid_at is not None
    assert (gone.external_id_encrypted, gone.details_encrypted) == (None, None)
    found = pay_list(study)
    assert (found.owed, found.paid) == (Decimal(0), Decimal("9.00"))
    assert rows_of(study) == []
    assert client.post(address, {"do": "paid"}).status_code == 404
    (told,) = Event.objects.filter(kind="marked_paid")
    assert told.data == {"owed_pay": str(gone.pk), "amount": "9.00"}


def test_all_marks_them_too(study: Project, gone: OwedPay, recruit: Recruit) -> None:
    complete(recruit(study, 2), study)
    sent = [gone.pk]
    assert mark_paid(project=study, ids=None, owed=sent, by=study.created_by) == 2
    assert pay_list(study).owed == 0


def test_all_marks_nobody_who_withdrew_after_the_list_was_read(
    study: Project, gone: OwedPay, recruit: Recruit
) -> None:
    later = recruit(study, 2)
    complete(later, study)
    client = client_of(study.created_by)
    page = client.get(reverse("pay", args=[study.slug])).content.decode()
    found = re.search(r'name="withdrawn" value="([^"]*)"', page)
    assert found is not None
    withdraw(participant=later.participant)
    sent = {"withdrawn": found[1]}
    client.post(reverse("pay_all", args=[study.slug]), sent)
    (left,) = pay_list(study).withdrawn
    assert left.external_id == pid(2)
    gone.refresh_from_db()
    assert gone.paid_at is not None


def test_a_form_that_names_nobody_known_marks_nobody(
    study: Project, gone: OwedPay
) -> None:
    address = reverse("pay_all", args=[study.slug])
    sent = {"withdrawn": f"{gone.pk} everybody"}
    assert client_of(study.created_by).post(address, sent).status_code == 422
    gone.refresh_from_db()
    assert gone.paid_at is None


def test_what_is_not_owed_after_all_is_deleted(study: Project, gone: OwedPay) -> None:
    client = client_of(study.created_by)
    address = reverse("pay_owed", args=[study.slug, gone.pk])
    assert client.post(address, {"do": "not_owed"}).status_code == 302
    assert not OwedPay.objects.exists()
    assert (pay_list(study).owed, pay_list(study).paid) == (Decimal(0), Decimal(0))
    assert Event.objects.get(kind="owed_dropped").data["amount"] == "9.00"


@pytest.mark.parametrize("role", ["researcher", "annotator"])
def test_only_owners_of_the_project_settle_it(
    study: Project, gone: OwedPay, role: str
) -> None:
    other = recruiting()
    here = reverse("pay_owed", args=[study.slug, gone.pk])
    there = reverse("pay_owed", args=[other.slug, gone.pk])
    for user, address in (
        (make_member(study, role), here),
        (other.created_by, here),
        (other.created_by, there),
    ):
        assert client_of(user).post(address, {"do": "paid"}).status_code == 404
    gone.refresh_from_db()
    assert gone.paid_at is None


def test_nothing_is_done_any_more_with_the_part_that_was_cut(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    mark_paid(project=study, ids=None, by=study.created_by)
    withdraw(participant=enrolment.participant)
    address = reverse("pay_act", args=[study.slug, enrolment.public_id])
    for act in ("unpaid", "take_in", "returned"):
        answer = client_of(study.created_by).post(address, {"do": act})
        assert answer.status_code == 404


def test_the_person_reads_what_stays_and_until_when(
    study: Project, recruit: Recruit
) -> None:
    enrolment = recruit(study)
    complete(enrolment, study)
    client = client_of(enrolment.participant.user)
    start = client.get(reverse("start", args=[study.slug])).content.decode()
    assert "the id is deleted once it is paid" in start
    address = reverse("consent_withdraw", args=[study.slug])
    before = client.get(address).content.decode()
    assert "You are still owed 9.00 GBP for your work" in before
    assert "until you are paid" in before
    after = client.post(address, {"sure": "1"}).content.decode()
    assert "You are still owed 9.00 GBP" in after


def test_who_is_owed_nothing_reads_nothing_of_it(
    study: Project, recruit: Recruit
) -> None:
    client = client_of(recruit(study).participant.user)
    page = client.get(reverse("consent_withdraw", args=[study.slug]))
    assert "still owed" not in page.content.decode()
    assert "how many have withdrawn, not who" in page.content.decode()


def test_who_comes_again_is_somebody_new_and_both_are_paid(
    study: Project, gone: OwedPay, recruit: Recruit
) -> None:
    again = recruit(study, 1)
    complete(again, study)
    assert [row["external_id"] for row in rows_of(study)] == [pid(1), pid(1)]


def test_the_database_keeps_no_id_after_the_payment(gone: OwedPay) -> None:
    for change in ({"paid_at": timezone.now()}, {"external_id_encrypted": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OwedPay.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        OwedPay.objects.update(amount=0, bonus=0)
