"""Items over REST, for managers: changes of many at once, and filters kept by name."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.access import Seat
from annotation.answers import Problem
from annotation.api.serializers import JobOut
from annotation.errors import InvalidError
from annotation.models import SavedFilter
from annotation.selectors.item_filters import MAX_CHARS, STATES, ItemFilter
from annotation.selectors.item_sets import Touched, touched
from annotation.selectors.saved_filters import shown_as, shown_filters
from annotation.services.item_changes import (
    ItemSet,
    read_change,
    request_change,
    request_undo,
)
from annotation.services.saved_filters import (
    change_filter,
    delete_filter,
    save_filter,
)
from annotation.words import gettext as _

MAX_TICKED = 1_000
PARTS = tuple(field.name for field in fields(ItemFilter))


class FilterField(serializers.DictField):
    """The parts of a filter of the item browser: state, annotator, category, search.

    None is empty: a script whose variable is not set would else reach every item.
    """

    child = serializers.CharField(max_length=MAX_CHARS)


class ChangeIn(serializers.Serializer[None]):
    """A change of many items: of those that a `filter` shows, or of those named.

    `action`: priority, overlap, exclude, include, to_ai, to_people or to_policy.
    `value`: the priority, or the overlap, null for the project's. `reason`: why items
    are left to the AI (to_ai), returned to people (to_people), or given back to the
    routing policy in force after somebody decided by hand (to_policy); these need one.
    """

    action = serializers.CharField(max_length=20)
    value = serializers.IntegerField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    filter = FilterField(required=False)
    items = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_empty=False,
        max_length=MAX_TICKED,
    )
    is_preview = serializers.BooleanField(required=False, default=False)


class TouchedOut(serializers.Serializer[Touched]):
    """How many items a change would touch; at least `n` where not `is_exact`."""

    n = serializers.IntegerField()
    is_exact = serializers.BooleanField()
    n_looked = serializers.IntegerField()
    n_items = serializers.IntegerField()


class FilterIn(serializers.Serializer[SavedFilter]):
    """A filter to be kept under a name."""

    name = serializers.CharField(max_length=200)
    filter = FilterField()
    is_shared = serializers.BooleanField(required=False, default=False)


class FilterChange(serializers.Serializer[SavedFilter]):
    """A filter's new name, and whether it is shared."""

    name = serializers.CharField(max_length=200)
    is_shared = serializers.BooleanField()


class FilterOut(serializers.Serializer[Any]):
    """A filter kept by name. `by`: who shares it, empty for one's own."""

    id = serializers.UUIDField(source="saved.public_id")
    name = serializers.CharField(source="saved.name")
    filter = FilterField(source="saved.query")
    is_shared = serializers.BooleanField(source="saved.is_shared")
    by = serializers.CharField()
    may_change = serializers.BooleanField()


def _use_one_of(names: Iterable[str]) -> str:
    return _("Use one of {names}.").format(names=", ".join(names))


def read_filter(parts: Mapping[str, str]) -> ItemFilter:
    """Read a filter; unlike an address, what is unknown or empty is refused.

    It would else narrow nothing, and a change would reach every item. `{}` alone does.
    """
    problems = [
        Problem(f"filter.{name[:60]}", _use_one_of(PARTS))
        for name in parts
        if name not in PARTS
    ]
    state = parts.get("state", "")
    if state not in STATES:
        problems.append(Problem("filter.state", _use_one_of(filter(None, STATES))))
    if problems:
        raise InvalidError(_("This filter is not known."), problems=problems)
    wanted = ItemFilter.from_parts(parts)
    if len(wanted.parts) < len(parts):
        raise InvalidError(
            _("A part of this filter is empty. Leave it out; {} alone is every item.")
        )
    return wanted


def _which(given: Mapping[str, Any]) -> ItemSet:
    """Return which items are meant; said once and outright, since many may change."""
    if ("filter" in given) == ("items" in given):
        raise InvalidError(
            _(
                "Say which items: `items` with ids, or `filter`, which may be empty for"
                " all."
            )
        )
    if "items" in given:
        named = dict.fromkeys(str(one) for one in given["items"])
        return ItemSet(ItemFilter(), tuple(named))
    return ItemSet(read_filter(given["filter"]))


class ItemChanges(APIView):
    """Change many items at once, as a job."""

    @extend_schema(request=ChangeIn, responses={202: JobOut, 200: TouchedOut})
    def post(self, request: Request, slug: str) -> Response:
        """Answer 202 with the job that changes the items.

        With `is_preview` 200 with how many items it would touch, and nothing changes.
        """
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        form = ChangeIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        value = given["value"]
        number = "" if value is None else str(value)
        change = read_change(given["action"], number, given["reason"])
        items = _which(given)
        if given["is_preview"]:
            found = touched(
                seat.project, items.wanted, items.ticked, change.action, change.value
            )
            return Response(asdict(found))
        job = request_change(seat=seat, change=change, items=items)
        return Response(JobOut(job).data, status=202)


class UndoChange(APIView):
    """Take a change of items back."""

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Answer 202 with the job that takes a change back, the same for a retry."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        job = request_undo(seat=seat, job=access.job(seat, public_id))
        return Response(JobOut(job).data, status=202)


class Filters(APIView):
    """Filters of the items that people keep by name; POST keeps one."""

    @extend_schema(responses=FilterOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Return the caller's filters and those that others share, by name."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        found = shown_filters(seat, ItemFilter())
        return Response(FilterOut(found, many=True).data)

    @extend_schema(request=FilterIn, responses={201: FilterOut})
    def post(self, request: Request, slug: str) -> Response:
        """Keep a filter; the same name again takes the new one."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        form = FilterIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        saved = save_filter(
            seat=seat,
            name=given["name"],
            wanted=read_filter(given["filter"]),
            is_shared=given["is_shared"],
        )
        return Response(_told(saved, seat), status=201)


class OneFilter(APIView):
    """A filter of the caller's, or a shared one for owners."""

    @extend_schema(request=FilterChange, responses=FilterOut)
    def put(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Rename a filter, and share it or not."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        saved = access.saved_filter(seat, public_id)
        form = FilterChange(data=request.data)
        form.is_valid(raise_exception=True)
        change_filter(saved=saved, **form.validated_data)
        saved.refresh_from_db()
        return Response(_told(saved, seat))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, public_id: uuid.UUID) -> Response:
        """Forget a filter; the items are not touched."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        delete_filter(saved=access.saved_filter(seat, public_id))
        return Response(status=204)


def _told(saved: SavedFilter, seat: Seat) -> dict[str, Any]:
    return dict(FilterOut(shown_as(saved, seat, ItemFilter())).data)
