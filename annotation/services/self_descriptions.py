"""Step profile: people's own words get a category, a coarser one, and a second look."""

from collections.abc import Collection, Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.errors import InvalidError
from annotation.models import (
    DerivedAttribute,
    Membership,
    Participant,
    Project,
    SurveyAnswer,
)
from annotation.selectors.self_descriptions import (
    Group,
    categorised_questions,
    groups,
    same_words,
    vocabulary,
)
from annotation.services.events import record
from annotation.services.quotas import place_again
from annotation.words import gettext as _

MAX_CHARS = 120
Level = DerivedAttribute.Level


@transaction.atomic
def categorise(
    *,
    project: Project,
    user: User,
    question: str,
    text: str,
    category: str,
    simplified: str = "",
) -> Group:
    """Give a category to all who wrote this text; the coarser one follows the mapping.

    `simplified` is for a category that the vocabulary does not know. Raises
    InvalidError for an unknown question or text, or a category that is no word.
    """
    group, known = _group(project, question, text)
    category = " ".join(category.split())
    if not 1 <= len(category) <= MAX_CHARS:
        raise InvalidError(
            _("A category has 1 to {max_chars} characters.").format(max_chars=MAX_CHARS)
        )
    wanted = " ".join(simplified.split())
    if wanted and known.get(category, wanted) != wanted:
        raise InvalidError(
            _(
                "“{category}” belongs to “{known}” in the list of this "
                "survey, not to “{wanted}”. Choose another category, or leave "
                "the coarser one out."
            ).format(category=category, known=known[category], wanted=wanted)
        )
    coarse = known.get(category) or wanted or category
    role = _role(project, user)
    retire(people=group.people, questions=[question])
    DerivedAttribute.objects.bulk_create(
        DerivedAttribute(
            participant_id=person,
            question=question,
            level=level,
            value=value[:MAX_CHARS],
            method=method,
            decided_by=user,
            role=role,
        )
        for person in group.people
        for level, value, method in (
            (Level.CATEGORISED, category, DerivedAttribute.Method.PERSON),
            (Level.SIMPLIFIED, coarse, DerivedAttribute.Method.MAPPING),
        )
    )
    place_again(project=project, people=group.people)
    record(
        project=project,
        user=user,
        kind="self_description_categorised",
        n=group.n_people,
    )
    return group


@transaction.atomic
def verify(
    *, project: Project, user: User, question: str, text: str, agrees: bool
) -> None:
    """Store whether a second person agrees with the category of a text.

    Raises InvalidError where there is none yet, or the same person gave it.
    """
    group, _members = _group(project, question, text)
    if group.decision is None:
        raise InvalidError(_("This text has no category yet. Give it one first."))
    if group.decision.decided_by_id == user.pk:
        raise InvalidError(_("A second person verifies what you categorised yourself."))
    verdict = DerivedAttribute.Verdict.AGREED if agrees else "disagreed"
    DerivedAttribute.objects.filter(
        participant__in=group.people, question=question, is_current=True
    ).update(verdict=verdict, verified_by=user, verified_at=timezone.now())
    record(
        project=project, user=user, kind="self_description_verified", n=group.n_people
    )


def retire(*, people: Collection[int], questions: Collection[str]) -> None:
    """End what was made of self-descriptions, since they or the category change."""
    DerivedAttribute.objects.filter(
        participant__in=people, question__in=questions, is_current=True
    ).update(is_current=False)


def _group(project: Project, question: str, text: str) -> tuple[Group, dict[str, str]]:
    """Find the people who wrote a text; the lock lets one decision at a time in."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    asked = {one.name: one for one in categorised_questions(project)}
    if question not in asked:
        raise InvalidError(
            _("This question is not categorised. Mark it in the survey.")
        )
    found = groups(project, question)
    known = {one.value: one.simplified for one in vocabulary(asked[question], found)}
    for group in found:
        if same_words(group.text) == same_words(text):
            return group, known
    raise InvalidError(
        _("Nobody describes themselves so any more. Load the page again.")
    )


def _role(project: Project, user: User) -> str:
    return Membership.objects.get(project=project, user=user).role


def retire_changed(*, participant: Participant, now: Mapping[str, object]) -> None:
    """End what was made of texts that their person is about to change.

    `now`: by question what is told from now on, None where nothing is. Called before
    it is stored; costs one query where nothing was categorised.
    """
    derived = DerivedAttribute.objects.filter(
        participant=participant, question__in=list(now), is_current=True
    )
    questions = set(derived.values_list("question", flat=True))
    if not questions:
        return
    before = dict(
        SurveyAnswer.objects.filter(participant=participant, question__in=questions)
        .order_by("version__number")
        .values_list("question", "value")
    )
    changed = [name for name in questions if before.get(name) != now[name]]
    retire(people=[participant.pk], questions=changed)
