"""A study in which an AI labels what people do not, and people label the seed."""

import numpy as np
from django.contrib.auth.models import User

from annotation.models import Annotation, MachineAnnotator, Project
from annotation.services.projects import create_project
from models_service.services import reports
from routing.demo import NAME
from routing.selectors.state import policy_of
from tests.factories import make_items, make_participant
from tests.routing.conftest import lookup, make_machine, run_newest, start, work
from tests.routing.told import figures, show_decisions, store_fit

N_ITEMS, N_SEED, N_LABELLED = 160, 40, 27


def routed_project(owner: User) -> Project:
    """Return a project whose newest fit has told what a budget buys."""
    project = collecting_project(owner, "Advice as routed")
    policy = policy_of(project)
    assert policy is not None
    n_open = N_ITEMS - N_SEED
    told = figures(n_pool=N_ITEMS, n_open=n_open, n_human=n_open // 4)
    show_decisions(store_fit(policy, told))
    return project


def demo_project() -> Project:
    """Return the demo's routed project once its workers have learned from the seed."""
    project = Project.objects.get(name=NAME)
    assert run_newest(project).state == "done"
    return project


def collecting_project(owner: User, name: str = "Advice under a budget") -> Project:
    """Return a project whose seed is drawn and labelled in part."""
    project = judged_project(owner, name)
    careful, hasty = project_machines(project)
    start(project, careful, judges=[hasty], n_seed=N_SEED)
    person = project.participants.get()
    work(person, lookup(truth_of(project)), most=N_LABELLED)
    # Nobody has read them: each answer took its person half a minute.
    Annotation.objects.filter(project=project).update(active_ms=30_000)
    reports.refresh(machine=careful)
    return project


def judged_project(owner: User, name: str = "Advice to be routed") -> Project:
    """Return a project with an annotator, in which two judges have judged all items."""
    project = create_project(user=owner, name=name, template="pairwise", overlap=1)
    make_items(project, N_ITEMS)
    make_participant(project)
    truth = truth_of(project)
    rng = np.random.default_rng(6)
    for judge, right in (("Careful judge", 0.8), ("Hasty judge", 0.7)):
        said = {one: s if rng.random() < right else -s for one, s in truth.items()}
        make_machine(project, judge, lookup(said))
    return project


def truth_of(project: Project) -> dict[int, int]:
    """Return the side that people prefer, by the number of the item."""
    rng = np.random.default_rng(5)
    numbers = project.items.order_by("number").values_list("number", flat=True)
    return {one: 1 if rng.random() < 0.5 else -1 for one in numbers}


def project_machines(project: Project) -> tuple[MachineAnnotator, MachineAnnotator]:
    """Return the careful and the hasty judge."""
    careful, hasty = MachineAnnotator.objects.filter(project=project).order_by("name")
    return careful, hasty
