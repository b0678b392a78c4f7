"""The log of what people did to a project: append-only, ids and figures alone."""

from django.contrib.auth.models import User

from annotation.models import Event, Project

Datum = str | int | bool | None


def record(*, project: Project, user: User | None, kind: str, **data: Datum) -> None:
    """Append an event; `data` holds ids and figures, never a text of a person."""
    Event.objects.create(project=project, user=user, kind=kind, data=data)
