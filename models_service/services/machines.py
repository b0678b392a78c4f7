"""Add a machine annotator to a project, change it, put it aside."""

from dataclasses import fields
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotation.errors import ConflictError, InvalidError
from annotation.models import MachineAnnotator, PreAnnotation, Project
from annotation.questions import Problem
from annotation.services.encryption import ENDPOINT_KEY, encrypt
from annotation.services.events import record
from annotation.words import gettext as _
from models_service.backends.follow_up_texts import follow_ups_sha256
from models_service.models import Connection, Run
from models_service.prompts import PROTOCOLS, prompt_sha256
from models_service.services.juries import seated
from models_service.specs import ASKED, JURY, InvalidSpecError, Spec, read_spec

# What makes a version: a change of one of these makes the next.
IDENTITY = ("backend", "protocol", "model", "revision", "prompt_sha256", "parameters")
PRICES = ("usd_per_million_in", "usd_per_million_out")


def checked(
    raw: Any, *, allow_private: bool, machine: MachineAnnotator | None = None
) -> Spec:
    """Read what somebody sent; raises InvalidError with every fault at its field.

    `machine`: the version that is changed; parameters that it has may stay.
    """
    held = machine.parameters if machine else None
    try:
        return read_spec(raw, allow_private=allow_private, held=held)
    except InvalidSpecError as error:
        raise InvalidError(
            _("The AI annotator needs mending."), problems=error.problems
        ) from error


@transaction.atomic
def add_machine(*, project: Project, user: User, spec: Spec) -> MachineAnnotator:
    """Store the first version of a machine annotator.

    Raises InvalidError where its name is taken, or a jury cannot be seated.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    spec = seated(project, spec)
    if project.machine_annotators.filter(name=spec.name).exists():
        text = _("This project has an AI annotator of this name. Choose another one.")
        raise InvalidError(
            _("The AI annotator needs mending."), problems=[Problem("name", text)]
        )
    machine = MachineAnnotator.objects.create(
        project=project, name=spec.name, kind=_kind(spec), **_identity(spec)
    )
    _connect(machine, spec, old=None)
    record(project=project, user=user, kind="machine_added", machine=machine.pk)
    return machine


@transaction.atomic
def change_machine(
    *, machine: MachineAnnotator, user: User, spec: Spec
) -> MachineAnnotator:
    """Change a machine annotator, and return the version that holds from now on.

    What has answered or was asked stays as it was: a change of what makes the answers
    is the next version. A change of how it is reached, or of its price, is none.

    Raises ConflictError where a later version holds already.
    """
    Project.objects.select_for_update(no_key=True).get(pk=machine.project_id)
    # A run that is asked for at this moment holds the row: it makes this version used.
    machine = MachineAnnotator.objects.select_for_update(no_key=True).get(pk=machine.pk)
    if MachineAnnotator.objects.filter(supersedes=machine).exists():
        raise ConflictError(
            _("There is a later version of this AI annotator. Change that one.")
        )
    spec = seated(machine.project, spec)
    identity = _identity(spec)
    is_same = all(getattr(machine, name) == identity[name] for name in IDENTITY)
    old = Connection.objects.filter(machine=machine).first()
    if not is_same and _is_used(machine):
        newest = machine.project.machine_annotators.filter(name=machine.name)
        number = newest.aggregate(n=Max("number"))["n"] + 1
        machine = MachineAnnotator.objects.create(
            project=machine.project,
            name=machine.name,
            kind=_kind(spec),
            number=number,
            supersedes=machine,
            **identity,
        )
    else:
        MachineAnnotator.objects.filter(pk=machine.pk).update(
            kind=_kind(spec), **identity
        )
        machine.refresh_from_db()
    _connect(machine, spec, old=old)
    record(
        project=machine.project, user=user, kind="machine_changed", machine=machine.pk
    )
    return machine


@transaction.atomic
def archive_machine(
    *, machine: MachineAnnotator, user: User, is_archived: bool
) -> None:
    """Put a machine annotator aside, or take it up again; what it said stays."""
    machine.archived_at = timezone.now() if is_archived else None
    machine.save(update_fields=["archived_at"])
    kind = "machine_archived" if is_archived else "machine_taken_up"
    record(project=machine.project, user=user, kind=kind, machine=machine.pk)


def _kind(spec: Spec) -> str:
    kinds = MachineAnnotator.Kind
    if spec.backend == JURY:
        return kinds.JUDGE
    if spec.backend not in ASKED:
        return kinds.REWARD_MODEL
    return kinds.TAGGER if PROTOCOLS[spec.protocol].kind == "tagging" else kinds.JUDGE


def _identity(spec: Spec) -> dict[str, Any]:
    prompts = prompt_sha256(PROTOCOLS[spec.protocol]) if spec.protocol else ""
    if spec.backend == "follow_up":
        prompts = follow_ups_sha256()
    given = {field.name: getattr(spec, field.name) for field in fields(spec)}
    given |= {"prompt_sha256": prompts, "parameters": dict(spec.parameters)}
    return {name: given[name] for name in (*IDENTITY, *PRICES)}


def _is_used(machine: MachineAnnotator) -> bool:
    return (
        PreAnnotation.objects.filter(machine=machine).exists()
        or Run.objects.filter(machine=machine).exists()
        or _sits(machine)
    )


def _sits(machine: MachineAnnotator) -> bool:
    """Tell whether it is a member of a jury, which names this very version."""
    return MachineAnnotator.objects.filter(
        project_id=machine.project_id,
        backend=JURY,
        parameters__members__contains=[{"id": str(machine.public_id)}],
    ).exists()


def _connect(machine: MachineAnnotator, spec: Spec, old: Connection | None) -> None:
    key = _key(spec, old)
    if old and key != bytes(old.key_encrypted):
        _forget_keys(machine)
    if spec.backend != "endpoint":
        Connection.objects.filter(machine=machine).delete()
        return
    Connection.objects.update_or_create(
        machine=machine,
        defaults={
            "base_url": spec.base_url,
            "key_encrypted": key,
            "concurrency": spec.concurrency,
            "timeout_s": spec.timeout_s,
            "requests_per_minute": spec.requests_per_minute,
        },
    )


def _key(spec: Spec, old: Connection | None) -> bytes:
    """Return the key that holds from now on, encrypted; empty where there is none."""
    if spec.backend != "endpoint":
        return b""
    if spec.api_key is not None:
        return encrypt(spec.api_key, purpose=ENDPOINT_KEY) if spec.api_key else b""
    # A key goes to the address it was given for, and nowhere else.
    is_kept = old is not None and old.base_url == spec.base_url
    return bytes(old.key_encrypted) if old and is_kept else b""


def _forget_keys(machine: MachineAnnotator) -> None:
    """Delete the keys of all versions: who takes one away means every copy of it."""
    Connection.objects.filter(
        machine__project_id=machine.project_id, machine__name=machine.name
    ).update(key_encrypted=b"")
