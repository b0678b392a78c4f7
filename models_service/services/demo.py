"""Lay the demo's AI annotators: two judges by file, and a trained reward model.

Called by annotation.services.demo with its people. Nothing is asked of anybody: no
network, no model on disk.
"""

from collections.abc import Mapping

from django.contrib.auth.models import User

from annotation.models import Project, Role
from annotation.services.imports import store_items
from annotation.services.members import add_member
from annotation.services.projects import create_project
from models_service.demo import DESCRIPTION, NAME, demo_items
from models_service.models import Head
from models_service.selectors.wanted import Selection, wanted_batches
from models_service.services.reports import refresh
from models_service.services.training import keep_as_annotator
from models_service.services.verdict_store import store_verdicts

ENCODER = "hashing"
BATCH = 128


def seed_models(*, members: Mapping[str, Role], people: Mapping[str, User]) -> None:
    """Make the project of AI annotators where it is missing, with its figures."""
    managers = {name: role for name, role in members.items() if role != Role.ANNOTATOR}
    owner = next(people[name] for name, role in managers.items() if role == Role.OWNER)
    if Project.objects.filter(created_by=owner, name=NAME).exists():
        return
    project = create_project(
        user=owner, name=NAME, template="pairwise", description=DESCRIPTION, overlap=1
    )
    store_items(project=project, items=demo_items(), provider="demo")
    for name, role in managers.items():
        add_member(project=project, user=people[name], role=role)
    _reward(project)
    for machine in project.machine_annotators.order_by("id"):
        refresh(machine=machine)


def _reward(project: Project) -> None:
    """Train the reward model on what the people say, and let it answer all items."""
    # Heavy: scipy, which no web process needs.
    from models_service.services.reward_models import train_reward_model
    from models_service.services.rewarding import Rewarding

    head: Head = train_reward_model(project=project, source=ENCODER)
    machine = keep_as_annotator(head)
    questions = project.current_questions()
    if questions is None:
        return
    worker = Rewarding(machine)
    for items in wanted_batches(machine, questions, Selection(), None, BATCH):
        store_verdicts(machine, questions, worker.judge(items))
