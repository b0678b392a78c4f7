"""The audit of a project's routing over REST; for managers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.errors import NotFoundError
from routing.models import RoutingRun
from routing.selectors.audit_page import Audit, audit_of
from routing.selectors.state import newest_run, policy_of


class AuditOut(serializers.Serializer[Audit]):
    """What the audit says; docs/ROUTING.md explains each figure.

    `state`: told, or why `figures` are null: making (a worker computes them), withdrawn
    (somebody has withdrawn, so that they are computed anew).
    """

    state = serializers.ChoiceField(("told", "making", "withdrawn"))
    computed_at = serializers.DateTimeField(allow_null=True)
    figures = serializers.SerializerMethodField()

    def get_figures(self, audit: Audit) -> dict[str, Any] | None:
        """Return the figures, null where there are none."""
        return dict(audit.figures) or None


class RoutingAudit(APIView):
    """Agreement of AI and people on items that nothing was learned from."""

    @extend_schema(operation_id="routing_audit", responses=AuditOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the audit of the newest fit, by tag and by stratum; 404 before one."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        policy = policy_of(seat.project)
        run = newest_run(policy, RoutingRun.Kind.FIT) if policy else None
        audit = audit_of(seat.project, run)
        if audit is None:
            raise NotFoundError
        return Response(AuditOut(audit).data)
