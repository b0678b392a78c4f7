"""Recruiting over REST, for owners: settings, links, pay, and the platform's list."""

import uuid
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.api.projects import Pages
from annotation.errors import ConflictError, InvalidError, LimitError, NotFoundError
from annotation.models import Invitation, Recruitment, Role
from annotation.recruiting import link_with
from annotation.selectors.enrolments import recruitment_of
from annotation.selectors.people import links
from annotation.services.endings import close, take_in
from annotation.services.invitations import revoke_invitation
from annotation.services.pay import (
    mark_paid,
    note_read,
    pay_csv,
    pay_list,
    unmark_paid,
)
from annotation.services.recruitment import (
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from annotation.services.statuses import StatusesTaken, take_statuses
from annotation.words import gettext as _

OWNERS = (Role.OWNER,)
MAX_UPLOAD = 20_000_000
ENDS = ("returned", "timed_out")


class RecruitmentIO(serializers.ModelSerializer[Recruitment]):
    """How a project recruits, ends and pays; the codes of the platform too."""

    class Meta:
        model = Recruitment
        fields = tuple(field.name for field in fields(RecruitmentSettings))
        extra_kwargs = {"id_parameter": {"required": False, "allow_blank": True}}


class LinkIn(serializers.Serializer[Invitation]):
    """A new recruitment link."""

    n_max = serializers.IntegerField()
    days = serializers.IntegerField()
    note = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default=""
    )


class LinkOut(serializers.Serializer[Any]):
    """A link. `ended` says why it takes nobody: revoked, ended, full, or empty."""

    id = serializers.UUIDField()
    note = serializers.CharField()
    n_used = serializers.IntegerField()
    n_max = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    ended = serializers.CharField()


class LinkMade(serializers.Serializer[Any]):
    """A link just made; its address is told this once."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PayOut(serializers.Serializer[Any]):
    """Somebody who came by a link, with time and pay; money in `currency`."""

    id = serializers.UUIDField(source="stored.id")
    external_id = serializers.CharField()
    study_id = serializers.CharField(source="study")
    session_id = serializers.CharField(source="session")
    state = serializers.CharField(source="stored.state")
    reason = serializers.CharField(source="stored.reason")
    provider_status = serializers.CharField(source="stored.provider_status")
    started_at = serializers.DateTimeField(source="stored.started_at")
    finished_at = serializers.DateTimeField(source="stored.finished_at")
    n_items = serializers.IntegerField(source="stored.n_items")
    n_checks = serializers.IntegerField(source="stored.n_checks")
    active_s = serializers.FloatField(source="stored.active_s")
    total_s = serializers.FloatField(source="stored.total_s")
    amount = serializers.DecimalField(12, 2, source="pay.amount")
    bonus = serializers.DecimalField(12, 2, source="pay.bonus")
    total = serializers.DecimalField(12, 2, source="pay.total")
    hourly = serializers.DecimalField(12, 2, source="pay.hourly", allow_null=True)
    to_floor = serializers.DecimalField(12, 2, source="pay.to_floor")
    is_owed = serializers.BooleanField()
    paid_at = serializers.DateTimeField(source="stored.paid_at", allow_null=True)
    paid_amount = serializers.DecimalField(
        12, 2, source="stored.paid_amount", allow_null=True
    )


class OwedOut(serializers.Serializer[Any]):
    """What somebody who has withdrawn is still owed, and the ids to pay it by."""

    id = serializers.UUIDField(source="stored.id")
    external_id = serializers.CharField()
    study_id = serializers.CharField(source="study")
    session_id = serializers.CharField(source="session")
    amount = serializers.DecimalField(12, 2, source="stored.amount")
    bonus = serializers.DecimalField(12, 2, source="stored.bonus")
    total = serializers.DecimalField(12, 2, source="stored.total")
    owed_on = serializers.DateField(source="stored.owed_on")


class PayPage(serializers.Serializer[Any]):
    """A page of the pay list, and what all of it adds up to.

    `withdrawn`: what people who withdrew are still owed; each page has all of them.
    """

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PayOut(many=True)
    withdrawn = OwedOut(many=True)
    currency = serializers.CharField()
    median_hourly = serializers.DecimalField(16, 2, allow_null=True)
    owed = serializers.DecimalField(16, 2)
    paid = serializers.DecimalField(16, 2)


class PaidIn(serializers.Serializer[None]):
    """Whom to mark as paid: `ids`, or `all` true for all who are owed something.

    With `all`, of people who have withdrawn only those named in `withdrawn`: the ids
    to pay them by are deleted for good.
    """

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=10_000
    )
    all = serializers.BooleanField(required=False)
    withdrawn = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=10_000
    )


@dataclass(frozen=True)
class Whom:
    """Whom to mark as paid. `ids` None: all, and of who withdrew those in `owed`."""

    ids: list[uuid.UUID] | None
    owed: list[uuid.UUID]


def _whom(data: object) -> Whom:
    """Return whom to mark as paid; said outright, since money follows.

    A misspelt key would else mark everybody.
    """
    given = PaidIn(data=data)
    given.is_valid(raise_exception=True)
    named = set(given.initial_data)
    if named == {"ids"}:
        return Whom(list(given.validated_data["ids"]), [])
    if named - {"withdrawn"} == {"all"} and given.validated_data["all"]:
        return Whom(None, list(given.validated_data.get("withdrawn", ())))
    raise InvalidError(
        _(
            "Say whom to mark as paid, and nothing else: `ids`, or `all` as true, and "
            "with it the ids of people who have withdrawn as `withdrawn`."
        )
    )


class ActIn(serializers.Serializer[None]):
    """What to do with one person: paid, unpaid, returned, timed_out or take_in."""

    do = serializers.ChoiceField(["paid", "unpaid", *ENDS, "take_in"])


class Count(serializers.Serializer[None]):
    """How many were changed."""

    n = serializers.IntegerField()


class StatusesOut(serializers.Serializer[StatusesTaken]):
    """What a platform's list changed."""

    n_lines = serializers.IntegerField()
    n_ended = serializers.IntegerField()
    n_unknown = serializers.IntegerField()


def owner(request: Request, slug: str) -> tuple[Seat, User]:
    """Return the owner's seat and log-in; for everybody else it is not found."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    return seat, User.objects.get(pk=seat.user_id)


def _recruiting(request: Request, slug: str) -> tuple[Seat, User]:
    """Return the owner's seat in a project that recruits; else it is not found."""
    seat, user = owner(request, slug)
    if recruitment_of(seat.project) is None:
        raise NotFoundError
    return seat, user


class RecruitmentSettingsView(APIView):
    """How a project recruits; PUT replaces it whole."""

    @extend_schema(operation_id="recruitment_read", responses=RecruitmentIO)
    def get(self, request: Request, slug: str) -> Response:
        """Return how the project recruits, ends and pays; 404 where it does not."""
        seat, _user = _recruiting(request, slug)
        return Response(RecruitmentIO(recruitment_of(seat.project)).data)

    @extend_schema(request=RecruitmentIO, responses=RecruitmentIO)
    def put(self, request: Request, slug: str) -> Response:
        """Store how the project recruits; what is left out takes its usual value."""
        seat, user = owner(request, slug)
        given = RecruitmentIO(data=request.data)
        given.is_valid(raise_exception=True)
        settings = RecruitmentSettings(**given.validated_data)
        stored = save_recruitment(project=seat.project, user=user, settings=settings)
        return Response(RecruitmentIO(stored).data)


class RecruitmentLinks(APIView):
    """The links for a platform; POST makes one."""

    @extend_schema(responses=LinkOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Return the links, newest first, without their secret part."""
        seat, _user = owner(request, slug)
        found = links(seat.project, Invitation.Kind.RECRUITMENT)
        return Response(LinkOut(found, many=True).data)

    @extend_schema(request=LinkIn, responses={201: LinkMade})
    def post(self, request: Request, slug: str) -> Response:
        """Make a link, and tell its address this once."""
        seat, user = owner(request, slug)
        given = LinkIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = create_link(project=seat.project, user=user, **given.validated_data)
        recruitment = seat.project.recruitment
        address = link_with(
            request.build_absolute_uri(reverse("arrive", args=[made.secret])),
            recruitment.provider,
            recruitment.parameters,
        )
        told = {
            "id": made.invitation.public_id,
            "address": address,
            "expires_at": made.invitation.expires_at,
        }
        return Response(LinkMade(told).data, status=201)


class RevokeLink(APIView):
    """End a link."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """End a link now; who has come by it stays."""
        seat, user = owner(request, slug)
        revoke_invitation(invitation=access.invitation(seat, public_id), by=user)
        return Response(status=204)


@method_decorator(never_cache, name="dispatch")
class PayLines(APIView):
    """Everybody who came by a link, with time and pay."""

    @extend_schema(responses=PayPage)
    def get(self, request: Request, slug: str) -> Response:
        """Return time and pay of each person in the order of coming. It is noted."""
        seat, user = _recruiting(request, slug)
        found = pay_list(seat.project)
        pages = Pages()
        lines = pages.paginate_queryset(found.lines, request, view=self) or []
        n_lines = len(lines) + len(found.withdrawn)
        note_read(seat.project, by=user, n_lines=n_lines)
        told = {
            "count": len(found.lines),
            "next": pages.get_next_link(),
            "previous": pages.get_previous_link(),
            "results": lines,
            "withdrawn": found.withdrawn,
            "currency": found.recruitment.currency,
            "median_hourly": found.table.median_hourly,
            "owed": found.owed,
            "paid": found.paid,
        }
        return Response(PayPage(told).data)


@method_decorator(never_cache, name="dispatch")
class PayFile(APIView):
    """Who to pay, as CSV."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return whom to pay as CSV; with `?all=1` everybody. It is noted."""
        seat, user = _recruiting(request, slug)
        is_whole = bool(request.query_params.get("all"))
        text = pay_csv(seat.project, by=user, is_whole=is_whole)
        return HttpResponse(text, content_type="text/csv; charset=utf-8")


class Paid(APIView):
    """Mark people as paid."""

    @extend_schema(request=PaidIn, responses=Count)
    def post(self, request: Request, slug: str) -> Response:
        """Mark the people named, or all who are owed something, as paid."""
        seat, user = _recruiting(request, slug)
        whom = _whom(request.data)
        n = mark_paid(project=seat.project, ids=whom.ids, owed=whom.owed, by=user)
        return Response({"n": n})


class PayAct(APIView):
    """Change one person's state or payment."""

    @extend_schema(request=ActIn, responses={204: None})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Mark one person as paid or not, end their part, or take them in again."""
        seat, user = _recruiting(request, slug)
        enrolment = access.enrolment(seat, public_id)
        given = ActIn(data=request.data)
        given.is_valid(raise_exception=True)
        act = given.validated_data["do"]
        if act == "paid":
            ids = [enrolment.public_id]
            if not mark_paid(project=seat.project, ids=ids, by=user):
                raise ConflictError(
                    _("Nothing is owed to this person, or it is paid already.")
                )
        elif act == "unpaid":
            unmark_paid(enrolment=enrolment, by=user)
        elif act == "take_in":
            take_in(participant=enrolment.participant, by=user)
        else:
            state = enrolment.State(act)
            close(participant=enrolment.participant, state=state, by=user)
        return Response(status=204)


class Statuses(APIView):
    """The platform's list of submissions."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
        responses=StatusesOut,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take over the platform's CSV of submissions, all lines or none."""
        seat, user = _recruiting(request, slug)
        file = request.FILES.get("file")
        if file is None:
            raise InvalidError(_("Send the platform's CSV in the field `file`."))
        if (file.size or 0) > MAX_UPLOAD:
            raise LimitError(_("The file is larger than 20 MB. Cut it in parts."))
        taken = take_statuses(project=seat.project, content=file.read(), by=user)
        return Response(asdict(taken))
