"""A hint comes at most once in so many answers, and only where a rule asks for it."""

from annotation.models import Project
from annotation.services.hints import hint_after
from tests.checks.conftest import MakeAnnotator, answer, claim, set_rules


def test_hint_on_answers_all_alike_comes_once_in_so_many(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(pool, hint_every=8)
    person = make_annotator(pool)
    hinted = []
    for number in range(1, 25):
        found = claim(person)
        assert found is not None
        is_swapped = found.order == [1, 0]
        answer(found, -1 if is_swapped else 1)
        found.refresh_from_db()
        found.participant.refresh_from_db()
        if hint_after(assignment=found):
            hinted.append(number)
    assert hinted == [10, 20]


def test_without_the_rule_there_is_no_hint(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    set_rules(pool, mirror_every=1000)
    person = make_annotator(pool)
    for _ in range(12):
        found = claim(person)
        assert found is not None
        answer(found, -1 if found.order == [1, 0] else 1)
        found.participant.refresh_from_db()
        assert hint_after(assignment=found) == ""
