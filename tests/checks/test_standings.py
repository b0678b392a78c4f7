"""People pause and block; the page of habits says why one might, with intervals."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.errors import InvalidError, NotReadyError
from annotation.models import (
    Annotation,
    Event,
    FrontierEntry,
    Participant,
    Project,
    StandingChange,
)
from annotation.selectors.habits import Share, habit_page
from annotation.services.charts import refresh
from annotation.services.frontier import rebuild_frontier
from annotation.services.standings import set_standing
from tests.checks.conftest import MakeAnnotator, claim, mark, set_rules, work
from tests.factories import make_member


def log_in(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def test_blocked_person_gets_nothing_and_returns_what_they_hold(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    work(person, 2)
    held = claim(person)
    assert held is not None
    owner = pool.created_by
    set_standing(participant=person, standing="blocked", reason="Random.", by=owner)
    assert FrontierEntry.objects.get(pk=held.item_id).n_taken == 0
    with pytest.raises(NotReadyError, match="ended your work"):
        claim(person)
    assert Annotation.objects.filter(participant=person).count() == 2
    page = log_in(person.user).get(f"/p/{pool.slug}/annotate/").content.decode()
    assert "Your work in this project has ended" in page
    sent = log_in(person.user).post(f"/api/v1/assignments/{held.public_id}/submit/")
    assert sent.status_code == 403
    assert rebuild_frontier(project=pool) == 0


def test_decision_is_reversible_and_logged_with_its_reason(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    for standing in ("paused", "active"):
        set_standing(
            participant=person, standing=standing, reason="Why.", by=pool.created_by
        )
    assert claim(person) is not None
    changes = StandingChange.objects.filter(participant=person).order_by("id")
    assert list(changes.values_list("standing", flat=True)) == ["paused", "active"]
    assert Event.objects.filter(kind="standing_changed").count() == 2
    again = set_standing(
        participant=person, standing="active", reason="Why.", by=pool.created_by
    )
    assert again is None


@pytest.mark.parametrize(("standing", "reason"), [("blocked", " "), ("gone", "Why.")])
def test_decision_needs_a_reason_and_a_known_standing(
    pool: Project, make_annotator: MakeAnnotator, standing: str, reason: str
) -> None:
    person = make_annotator(pool)
    with pytest.raises(InvalidError):
        set_standing(
            participant=person, standing=standing, reason=reason, by=pool.created_by
        )


def test_share_says_nothing_of_few_answers() -> None:
    assert Share(4, 4).words == "not enough to say"
    assert Share(4, 4).ends == ""
    assert (Share(8, 10).words, Share(8, 10).ends) == ("80 %", "49 to 94")


def test_habits_tell_gold_and_repeats_apart(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 11))
    set_rules(
        pool,
        monitoring_every=2,
        mirror_every=3,
        mirror_after_items=1,
        mirror_after_min=0,
    )
    steady, wrong = make_annotator(pool), make_annotator(pool)
    work(wrong, 12, canonical=-1)
    work(steady, 12, canonical=1)
    assert habit_page(pool).made_at is None
    refresh(project=pool)
    page = habit_page(pool)
    found = {one.pseudonym: one for one in page.people}
    assert page.made_at is not None
    assert page.people[0].pseudonym == wrong.pseudonym
    low, high = found[wrong.pseudonym], found[steady.pseudonym]
    assert (low.gold.n_hits, low.gold.n) == (0, 6)
    assert (high.gold.n_hits, high.gold.n) == (6, 6)
    assert low.repeats.n_hits == low.repeats.n > 0
    assert low.median_s is not None
    person = Participant.objects.get(pk=wrong.pk)
    assert low.n_answers == person.n_main


def test_page_is_for_managers_and_decisions_for_owners(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    person = make_annotator(pool)
    work(person, 6)
    owner = make_member(pool, "owner")
    client = log_in(owner)
    page = client.get(f"/p/{pool.slug}/habits/").content.decode()
    assert person.pseudonym in page
    url = f"/p/{pool.slug}/habits/{person.public_id}/standing/"
    body = {"standing": "blocked", "reason": "Clicks through."}
    for role in ("researcher", "annotator"):
        assert log_in(make_member(pool, role)).post(url, body).status_code == 404
    assert client.post(url, body).status_code == 302
    person.refresh_from_db()
    assert person.standing == "blocked"
    assert "Clicks through." in client.get(f"/p/{pool.slug}/habits/").content.decode()
