"""Train a project's own reward model as a job, and let it be an annotator."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError
from annotation.models import Job, MachineAnnotator, Project
from annotation.selectors.item_filters import ItemFilter
from annotation.services import jobs
from annotation.services.item_changes import Change, ItemSet, request_change
from annotation.words import gettext as _
from annotation.words import gettext_noop
from models_service.models import Head

NAME = gettext_noop("Reward model of this project")
MOST_SENT_BACK = 200


@transaction.atomic
def request_training(*, seat: Seat, source: str = "") -> Job:
    """Store a job that trains on the labels collected so far.

    `source` names a sentence-embedding model; "" = the installed one, else hashing.
    Raises ConflictError where a training has not ended.
    """
    Project.objects.select_for_update(no_key=True).get(pk=seat.project.pk)
    unended = seat.project.jobs.filter(
        kind=Job.Kind.TRAIN, state__in=(*jobs.UNFINISHED, Job.State.PAUSED)
    )
    if unended.exists():
        raise ConflictError(_("A training has not ended. Wait for it, or cancel it."))
    return jobs.create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.TRAIN,
        parameters={"source": source},
    )


def run_training(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    # Heavy: scipy and the encoders, which no web process needs.
    from models_service.backends.embeddings import EncoderError
    from models_service.services.reward_models import train_reward_model

    try:
        head = train_reward_model(
            project=job.project,
            source=str(job.parameters.get("source", "")),
            progress=progress.set,
        )
    except (InvalidError, EncoderError) as error:
        raise jobs.JobFailed(str(error)) from error
    machine = keep_as_annotator(head)
    text = _("Trained on {n:,} pairs of {n_prompts:,} prompts.")
    return {
        "n_done": head.n_pairs,
        "n_total": head.n_pairs,
        "machine": str(machine.public_id),
        "message": text.format(n=head.n_pairs, n_prompts=head.n_prompts),
    }


@transaction.atomic
def keep_as_annotator(head: Head) -> MachineAnnotator:
    """Return the version of the project's reward model that this head is."""
    older = head.project.machine_annotators.filter(
        backend=MachineAnnotator.Backend.HEAD, number__lt=head.number
    )
    machine, _made = MachineAnnotator.objects.get_or_create(
        project=head.project,
        backend=MachineAnnotator.Backend.HEAD,
        number=head.number,
        defaults={
            "name": NAME,
            "kind": MachineAnnotator.Kind.REWARD_MODEL,
            "model": head.encoder.name[:200],
            "revision": head.encoder.revision[:200],
            "parameters": {"features": head.features_version, "seed": head.seed},
            "supersedes": older.order_by("-number").first(),
            "usd_per_million_in": 0,
            "usd_per_million_out": 0,
        },
    )
    return machine


def head_of(machine: MachineAnnotator) -> Head:
    """Return the weights of a version of the project's reward model.

    Raises JobFailed where they are gone.
    """
    found = (
        Head.objects.select_related("encoder")
        .filter(project_id=machine.project_id, number=machine.number)
        .first()
    )
    if found is None:
        raise jobs.JobFailed(
            _("The weights of this reward model are gone. Train it again.")
        )
    return found


def send_back(*, seat: Seat, head: Head, n: int) -> Job:
    """Ask one more person about the `n` pairs whose labels look least likely.

    No label is changed: people decide. A job, which can be undone.

    Raises ConflictError where there is no such pair.
    """
    told = head.figures.get("suspicious", [])[: min(n, MOST_SENT_BACK)]
    ticked = tuple(dict.fromkeys(one["item"] for one in told))
    if not ticked:
        raise ConflictError(_("No label looks unlikely, so none is sent back."))
    change = Change("overlap", seat.project.overlap + 1)
    return request_change(seat=seat, change=change, items=ItemSet(ItemFilter(), ticked))
