"""A study in which people are shown what a judge said, in all four ways, and answer."""

import numpy as np
from django.contrib.auth.models import User

from annotation.models import Annotation, Exposure, PreAnnotation, Project
from annotation.services.projects import create_project
from annotation.services.suggestions import set_policy
from annotation.suggestions import draw_arm
from models_service.services import anchoring, reports
from tests.factories import make_items
from tests.models.judges import make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import change, expose, says_always

N_ITEMS = 120
ARMS = {"blind": 30, "revealed": 20, "hedged": 25, "shown": 25}
# How often people copy what they see, and say the same as the judge by themselves.
COPYING = {"blind": 0.0, "revealed": 0.0, "hedged": 0.15, "shown": 0.4}
ALONE = 0.6
TAUGHT = 0.2


def suggested_project(owner: User) -> Project:
    """Return a project whose report on suggestions tells something."""
    project = create_project(
        user=owner, name="Advice with a suggestion", template="pairwise", overlap=8
    )
    make_items(project, N_ITEMS)
    judge = make_judge(project, name="Careful judge")
    says_always(judge)
    other = PreAnnotation.objects.filter(
        machine=judge, item__number__in=range(2, N_ITEMS, 3)
    )
    other.update(answers={"preference": {"value": -1}})
    set_policy(project=project, by=owner, machine=judge, arms={"blind": 1, "shown": 1})
    policy = set_policy(project=project, by=owner, machine=judge, arms=ARMS)
    assert policy is not None
    said = {
        one.item.number: one.answers["preference"]["value"]
        for one in PreAnnotation.objects.filter(machine=judge).select_related("item")
    }
    for number, person in enumerate(make_people(project, 8)):
        rng = np.random.default_rng(number)
        arms = {k: draw_arm(ARMS, 7, k, number)[0] for k in said}
        agrees = {
            k: rng.random() < ALONE or rng.random() < COPYING[arms[k]] for k in said
        }
        answer_items(person, lambda k, a=agrees: said[k] if a[k] else -said[k])  # type: ignore[misc] # bound to each person
        for one in expose(person, policy, "revealed"):
            arm = arms[one.assignment.item.number]
            one.arm, one.propensity = arm, ARMS[arm] / 100
            if arm != "revealed":
                one.first_answer = None
            if arm == "blind":
                one.visible_at, one.words = None, ""
            one.save()
            if arm == "revealed" and rng.random() < TAUGHT:
                change(one, said[one.assignment.item.number])
        given = Annotation.objects.filter(participant=person)
        for n, answer in enumerate(given):
            answer.active_ms = 38_000 + 900 * (n % 17) + 1500 * number
            answer.save(update_fields=["active_ms"])
    reports.refresh(machine=judge)
    anchoring.refresh(project=project)
    assert Exposure.objects.filter(policy=policy).count() == 8 * N_ITEMS
    return project
