"""Projects over REST."""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access
from annotation.api.serializers import ProjectIn, ProjectOut
from annotation.models import Project
from annotation.services.projects import create_project


class Pages(LimitOffsetPagination):
    """Pages of at most a hundred rows."""

    max_limit = 100


class Projects(ListAPIView[Project]):
    """The caller's projects; POST makes one from a template."""

    pagination_class = Pages
    serializer_class = ProjectOut

    def get_queryset(self) -> QuerySet[Project]:
        """Return the projects in which the caller has a role."""
        return Project.objects.filter(memberships__user_id=self.request.user.pk or 0)

    @extend_schema(request=ProjectIn, responses={201: ProjectOut})
    def post(self, request: Request) -> Response:
        """Make a project from a template; the caller becomes its owner."""
        given = ProjectIn(data=request.data)
        given.is_valid(raise_exception=True)
        user = User.objects.get(pk=request.user.pk or 0)
        project = create_project(user=user, **given.validated_data)
        return Response(ProjectOut(project).data, status=201)


class OneProject(APIView):
    """A project with its questions and settings."""

    @extend_schema(responses=ProjectOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the project, for its members."""
        seat = access.seat(request.user, slug)
        return Response(ProjectOut(seat.project).data)
