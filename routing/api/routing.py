"""Routing over REST: owners set and end policies, researchers read."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.serializers import JobOut
from annotation.errors import InvalidError
from annotation.models import Project, Role
from annotation.words import gettext as _
from routing.api.serializers import (
    NewItemsOut,
    PartOut,
    PolicyIn,
    RoutingOut,
    RunOut,
    StateOut,
)
from routing.models import RoutingPolicy
from routing.selectors.audit_page import shown_figures
from routing.selectors.new_items import new_items_of
from routing.selectors.page import parts_of
from routing.selectors.state import state_of
from routing.services.by_hand import FIT, SEED, request_by_hand
from routing.services.policies import end_policy, set_policy
from routing.services.reading import read_policy

OWNERS = (Role.OWNER,)


class Routing(APIView):
    """The routing of a project; PUT sets its policy, DELETE ends it."""

    @extend_schema(operation_id="routing_read", responses=RoutingOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the state, the decisions, and the newest runs; for managers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return Response(_told(seat.project))

    @extend_schema(request=PolicyIn, responses=RoutingOut)
    def put(self, request: Request, slug: str) -> Response:
        """Set the policy, and draw its seed; owners only.

        It is the next version and has a budget of its own. 422 names every fault at
        its field.
        """
        seat = access.seat(request.user, slug, roles=OWNERS)
        if not isinstance(request.data, Mapping):
            raise InvalidError(_("Send a JSON object."))
        draft = read_policy(seat.project, dict(request.data.items()))
        set_policy(project=seat.project, by=_person(request), draft=draft)
        return Response(_told(seat.project))

    @extend_schema(request=None, responses={202: JobOut})
    def delete(self, request: Request, slug: str) -> Response:
        """End the policy; answers 202 with the job that returns what waits."""
        seat = access.seat(request.user, slug, roles=OWNERS)
        job = end_policy(project=seat.project, by=_person(request))
        return Response(JobOut(job).data, 202)


class RoutingSeed(APIView):
    """Draw the seed of the policy in force again."""

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Answer 202 with the job; 409 while another one has not ended."""
        return _begun(request, slug, SEED)


class RoutingFit(APIView):
    """Learn from the labels so far, and decide on every open item."""

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Answer 202 with the job; 409 before the seed is labelled.

        Where texts are not embedded yet it is the job that does that, of the kind
        `embed`; the fit follows by itself.
        """
        return _begun(request, slug, FIT)


def _begun(request: Request, slug: str, action: str) -> Response:
    seat = access.seat(request.user, slug, roles=OWNERS)
    user = _person(request)
    job = request_by_hand(project=seat.project, user=user, action=action)
    return Response(JobOut(job).data, 202)


def _told(project: Project) -> dict[str, Any]:
    now = state_of(project)
    runs = [run for run in (now.fit_run, now.seed_run) if run is not None]
    for run in runs:
        # Not stored: what the audit says is that of now.
        run.figures = shown_figures(project, run)
    return {
        **StateOut(now).data,
        "decisions": PartOut(cast(Any, parts_of(project, now.policy)), many=True).data,
        "new_items": _new_items(now.policy),
        "runs": RunOut(cast(Any, runs), many=True).data,
    }


def _new_items(policy: RoutingPolicy | None) -> dict[str, Any] | None:
    return dict(NewItemsOut(new_items_of(policy)).data) if policy else None


def _person(request: Request) -> User:
    return User.objects.get(pk=request.user.pk or 0)
