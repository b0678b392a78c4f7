"""Machine annotators and their runs over REST: owners change, researchers read."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.projects import Pages
from annotation.api.serializers import JobOut
from annotation.errors import ConflictError, InvalidError
from annotation.models import MachineAnnotator, Role
from annotation.words import gettext as _
from models_service.api.serializers import (
    CappedRunIn,
    ForecastOut,
    MachineIn,
    MachineOut,
    RunIn,
    RunOut,
)
from models_service.models import Run
from models_service.selectors.forecast import forecast
from models_service.selectors.machines import machine_row, machine_rows, told
from models_service.selectors.runs import runs_of
from models_service.selectors.wanted import Selection
from models_service.services.checks import request_check
from models_service.services.machines import (
    add_machine,
    archive_machine,
    change_machine,
    checked,
)
from models_service.services.runs import request_run
from models_service.specs import OFFERED

OWNERS = (Role.OWNER,)
PAGED = [OpenApiParameter("limit", int), OpenApiParameter("offset", int)]


class MachinePage(serializers.Serializer[Any]):
    """A page of machine annotators."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = MachineOut(many=True)


class RunPage(serializers.Serializer[Any]):
    """A page of runs."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RunOut(many=True)


class ArchiveIn(serializers.Serializer[Any]):
    """Whether it is put aside."""

    is_archived = serializers.BooleanField()


class Machines(APIView):
    """The machine annotators of a project; POST adds one."""

    @extend_schema(responses=MachinePage, parameters=PAGED)
    def get(self, request: Request, slug: str) -> Response:
        """Return every version, the newest first, with its figures; for managers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        pages = Pages()
        rows = pages.paginate_queryset(machine_rows(seat.project), request, self)
        return pages.get_paginated_response(
            MachineOut(cast(Any, rows or []), many=True).data
        )

    @extend_schema(request=MachineIn, responses={201: MachineOut})
    def post(self, request: Request, slug: str) -> Response:
        """Add a machine annotator; owners only. 422 names every fault at its field."""
        seat = access.seat(request.user, slug, roles=OWNERS)
        spec = checked(
            _object(request.data), allow_private=settings.MODEL_PRIVATE_ADDRESSES
        )
        _check_offered(spec.backend)
        made = add_machine(project=seat.project, user=_person(request), spec=spec)
        return Response(MachineOut(machine_row(made)).data, 201)


class OneMachine(APIView):
    """One version of a machine annotator."""

    @extend_schema(responses=MachineOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return it with its figures; for managers."""
        return Response(
            MachineOut(machine_row(_managed(request, slug, public_id))).data
        )

    @extend_schema(request=MachineIn(partial=True), responses=MachineOut)
    def patch(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Change what is sent, and return the version that holds; owners only.

        A change of what makes its verdicts is the next version where it has answered.
        """
        machine = _owned(request, slug, public_id)
        _check_offered(machine.backend)
        sent = _object(request.data)
        if sent.get("name", machine.name) != machine.name:
            raise InvalidError(
                _("An AI annotator keeps its name. Add another one instead.")
            )
        spec = checked(
            {**told(machine), **sent},
            allow_private=settings.MODEL_PRIVATE_ADDRESSES,
            machine=machine,
        )
        _check_offered(spec.backend)
        held = change_machine(machine=machine, user=_person(request), spec=spec)
        return Response(MachineOut(machine_row(held)).data)


class ArchiveMachine(APIView):
    """Put a machine annotator aside."""

    @extend_schema(request=ArchiveIn, responses=MachineOut)
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Put it aside, or take it up again; what it said stays. Owners only."""
        machine = _owned(request, slug, public_id)
        given = ArchiveIn(data=request.data)
        given.is_valid(raise_exception=True)
        archive_machine(machine=machine, user=_person(request), **given.validated_data)
        return Response(MachineOut(machine_row(machine)).data)


class CheckMachine(APIView):
    """Find out whether a machine annotator can be asked."""

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Answer 202 with the job that checks it; owners only: it costs one call.

        The job's result has `findings`: `name`, `state` (ok, warning, problem) and
        `message`.
        """
        seat = access.seat(request.user, slug, roles=OWNERS)
        job = request_check(seat=seat, machine=access.machine(seat, public_id))
        return Response(JobOut(job).data, 202)


class RunForecast(APIView):
    """What a run would ask and cost."""

    @extend_schema(parameters=[RunIn], responses=ForecastOut)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return items, calls, tokens and cost of a run that is not begun."""
        machine = _managed(request, slug, public_id)
        given = RunIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        questions = machine.project.current_questions()
        if questions is None:
            raise ConflictError(
                _("The project has no questions yet. Write them first.")
            )
        shown = forecast(machine, questions, Selection(**given.validated_data))
        return Response(ForecastOut(shown).data)


class RunsOfMachine(APIView):
    """The runs of one version; POST begins one."""

    @extend_schema(responses=RunPage, parameters=PAGED)
    def get(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Return its runs, the newest first."""
        return _runs(self, request, _managed(request, slug, public_id))

    @extend_schema(request=CappedRunIn, responses={202: JobOut})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Begin a run; answers 202 with its job. Owners only, since it costs money."""
        seat = access.seat(request.user, slug, roles=OWNERS)
        given = CappedRunIn(data=request.data)
        given.is_valid(raise_exception=True)
        chosen = dict(given.validated_data)
        cap = chosen.pop("cap_usd")
        job = request_run(
            seat=seat,
            machine=access.machine(seat, public_id),
            selection=Selection(**chosen),
            cap_usd=cap,
        )
        return Response(JobOut(job).data, 202)


class Runs(APIView):
    """All runs of a project."""

    @extend_schema(responses=RunPage, parameters=PAGED)
    def get(self, request: Request, slug: str) -> Response:
        """Return the runs of all machine annotators, the newest first."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return _paged(self, request, runs_of(seat.project))


def _runs(view: APIView, request: Request, machine: MachineAnnotator) -> Response:
    return _paged(view, request, runs_of(machine.project, machine))


def _paged(view: APIView, request: Request, runs: Any) -> Response:
    pages = Pages()
    rows: list[Run] = pages.paginate_queryset(runs, request, view) or []
    return pages.get_paginated_response(RunOut(rows, many=True).data)


def _managed(request: Request, slug: str, public_id: uuid.UUID) -> MachineAnnotator:
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    return access.machine(seat, public_id)


def _owned(request: Request, slug: str, public_id: uuid.UUID) -> MachineAnnotator:
    seat = access.seat(request.user, slug, roles=OWNERS)
    return access.machine(seat, public_id)


def _person(request: Request) -> User:
    return User.objects.get(pk=request.user.pk or 0)


def _object(sent: object) -> Mapping[str, Any]:
    if not isinstance(sent, Mapping):
        raise InvalidError(_("Send a JSON object."))
    return dict(sent.items())


def _check_offered(backend: str) -> None:
    if backend not in OFFERED:
        text = _("This kind cannot be added or changed here. Choose one of {allowed}.")
        raise InvalidError(text.format(allowed=", ".join(OFFERED)))
