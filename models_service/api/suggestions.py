"""When people see what a machine said, and what that does, over REST; for managers."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.errors import InvalidError, NotFoundError
from annotation.models import MachineAnnotator, Project, Role, SuggestionPolicy
from annotation.questions import Problem
from annotation.words import gettext as _
from models_service.models import AnchoringReport
from models_service.selectors.suggestions_page import history, report_of
from models_service.services.anchoring import choose_policy, request_anchoring

OWNERS = (Role.OWNER,)
FIELDS = ("machine", "arms", "has_reason")


class PolicyOut(serializers.Serializer[Any]):
    """A policy. `arms`: the weight of each arm that has one.

    `temperature`: that of the machine's calibration when it was made; null where no
    word is said of how sure it is.
    """

    number = serializers.IntegerField()
    machine = serializers.UUIDField(source="machine.public_id")
    arms = serializers.DictField(child=serializers.IntegerField())
    has_reason = serializers.BooleanField()
    temperature = serializers.FloatField(allow_null=True)


class ChangeOut(serializers.Serializer[Any]):
    """When the policy became this one, and by whom; null: nothing is shown."""

    at = serializers.DateTimeField()
    by = serializers.CharField()
    policy = PolicyOut(allow_null=True)


class AnchoringOut(serializers.Serializer[Any]):
    """What a worker found. `figures` are null before the first time.

    `requested_at`: newer ones were asked for and are on their way.
    """

    computed_at = serializers.DateTimeField(allow_null=True)
    requested_at = serializers.DateTimeField(allow_null=True)
    figures = serializers.JSONField(allow_null=True)


class SuggestionsOut(serializers.Serializer[Any]):
    """The policy in force, null where people see nothing; its history; the report."""

    policy = PolicyOut(allow_null=True)
    history = ChangeOut(many=True)
    report = AnchoringOut()


class PolicyIn(serializers.Serializer[Any]):
    """The policy to come. `machine`: null ends it.

    `arms`: weights of blind, revealed, hedged and shown; what is missing is 0.
    """

    machine = serializers.UUIDField(allow_null=True)
    arms = serializers.DictField(child=serializers.IntegerField(), required=False)
    has_reason = serializers.BooleanField(required=False, default=False)


class Suggestions(APIView):
    """When people see what a machine annotator said of an item."""

    @extend_schema(responses=SuggestionsOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the policy, its history, and what it does to answers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return Response(_told(seat.project))

    @extend_schema(request=PolicyIn, responses=SuggestionsOut)
    def put(self, request: Request, slug: str) -> Response:
        """Set the policy; owners only. 422 names every fault at its field.

        The same policy again changes nothing. Items that people hold keep theirs.
        """
        seat = access.seat(request.user, slug, roles=OWNERS)
        sent = _sent(request.data)
        choose_policy(
            project=seat.project,
            by=User.objects.get(pk=request.user.pk or 0),
            machine=_machine(seat, sent["machine"]),
            arms=sent.get("arms", {}),
            has_reason=sent.get("has_reason", False),
        )
        return Response(_told(seat.project))


class SuggestionsReport(APIView):
    """What suggestions do to the answers of a project."""

    @extend_schema(request=None, responses={202: AnchoringOut})
    def post(self, request: Request, slug: str) -> Response:
        """Ask a worker for the figures anew; answers 202 with those there are."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        request_anchoring(project=seat.project)
        return Response(_report(seat.project), 202)


def _told(project: Project) -> dict[str, Any]:
    policy = None
    if project.suggestion_policy_id is not None:
        found = SuggestionPolicy.objects.select_related("machine")
        policy = found.get(pk=project.suggestion_policy_id)
    return {
        "policy": PolicyOut(policy).data if policy else None,
        "history": ChangeOut(history(project), many=True).data,
        "report": _report(project),
    }


def _report(project: Project) -> dict[str, Any]:
    row = AnchoringReport.objects.filter(project=project).first()
    found = report_of(project)
    told = {
        "computed_at": found.computed_at if found else None,
        "requested_at": row.requested_at if row else None,
        "figures": found.figures if found else None,
    }
    return dict(AnchoringOut(told).data)


def _sent(data: object) -> Mapping[str, Any]:
    """Return the policy as sent, its types checked; its values are the service's."""
    if not isinstance(data, Mapping):
        raise InvalidError(_("Send a JSON object."))
    problems = [
        Problem(
            str(name)[:60],
            _("There is no field {name!r}. Send {fields}.").format(
                name=str(name)[:60], fields=", ".join(FIELDS)
            ),
        )
        for name in data
        if name not in FIELDS
    ]
    if "machine" not in data:
        text = _("Name the AI annotator, or send null so that people see nothing.")
        problems.append(Problem("machine", text))
    if not isinstance(data.get("arms", {}), Mapping):
        text = _("Send an object with the weight of each arm.")
        problems.append(Problem("arms", text))
    if not isinstance(data.get("has_reason", False), bool):
        problems.append(Problem("has_reason", _("Send true or false.")))
    if problems:
        raise InvalidError(_("The suggestions need mending."), problems=problems)
    return {str(name): value for name, value in data.items()}


def _machine(seat: Seat, sent: object) -> MachineAnnotator | None:
    if sent is None:
        return None
    try:
        return access.machine(seat, uuid.UUID(str(sent)))
    except (ValueError, NotFoundError) as error:
        text = _("This project has no such AI annotator.")
        raise InvalidError(
            _("The suggestions need mending."), problems=[Problem("machine", text)]
        ) from error
