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
from annotation.answers import InvalidQuestionsError
from annotation.api.serializers import FormFile, FormPublished, ProjectIn, ProjectOut
from annotation.errors import InvalidError
from annotation.models import Project, Role
from annotation.question_file import form_object, read_form
from annotation.services.projects import create_project
from annotation.services.versions import publish_questions
from annotation.words import gettext as _


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
        user = access.maker(request.user)
        project = create_project(user=user, **given.validated_data)
        return Response(ProjectOut(project).data, status=201)


class ProjectQuestions(APIView):
    """A project's questions as a form file; PUT puts others in force."""

    @extend_schema(responses=FormFile)
    def get(self, request: Request, slug: str) -> Response:
        """Return the questions in force, for owners and researchers."""
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        version = seat.project.current_questions()
        questions = version.questions if version else []
        return Response(form_object(questions, title=seat.project.name))

    @extend_schema(request=FormFile, responses=FormPublished)
    def put(self, request: Request, slug: str) -> Response:
        """Put questions in force, in place or as a new version; owners only."""
        seat = access.seat(request.user, slug, roles=(Role.OWNER,))
        try:
            questions = read_form(request.data)
        except InvalidQuestionsError as error:
            raise InvalidError(
                _("The questions need mending."), problems=error.problems
            ) from error
        user = User.objects.get(pk=request.user.pk or 0)
        published = publish_questions(
            project=seat.project, user=user, questions=questions
        )
        return Response(FormPublished(published).data)


class OneProject(APIView):
    """A project with its questions and settings."""

    @extend_schema(responses=ProjectOut)
    def get(self, request: Request, slug: str) -> Response:
        """Return the project, for its members."""
        seat = access.seat(request.user, slug)
        return Response(ProjectOut(seat.project).data)
