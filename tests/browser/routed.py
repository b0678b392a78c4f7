"""A study in which an AI labels what people do not, and people label the seed."""

import numpy as np
from django.contrib.auth.models import User

from annotation.models import Project
from annotation.services.projects import create_project
from models_service.services import reports
from routing.selectors.state import policy_of
from tests.factories import make_items, make_participant
from tests.routing.conftest import lookup, make_machine, start, work
from tests.routing.told import figures, store_fit

N_ITEMS, N_SEED, N_LABELLED = 160, 40, 27


def routed_project(owner: User) -> Project:
    """Return a project whose newest fit has told what a budget buys."""
    project = collecting_project(owner, "Advice as routed")
    policy = policy_of(project)
    assert policy is not None
    store_fit(policy, figures(n_pool=N_ITEMS, n_open=N_ITEMS - N_SEED))
    return project


def collecting_project(owner: User, name: str = "Advice under a budget") -> Project:
    """Return a project whose seed is drawn and labelled in part."""
    project = create_project(user=owner, name=name, template="pairwise", overlap=1)
    make_items(project, N_ITEMS)
    rng = np.random.default_rng(5)
    numbers = list(project.items.order_by("number").values_list("number", flat=True))
    truth = {one: 1 if rng.random() < 0.5 else -1 for one in numbers}
    said = [
        {one: truth[one] if rng.random() < right else -truth[one] for one in numbers}
        for right in (0.8, 0.7)
    ]
    careful, hasty = (
        make_machine(project, name, lookup(table))
        for name, table in zip(("Careful judge", "Hasty judge"), said, strict=True)
    )
    start(project, careful, judges=[hasty], n_seed=N_SEED)
    work(make_participant(project), lookup(truth), most=N_LABELLED)
    reports.refresh(machine=careful)
    return project
