"""What the REST interface takes and gives, apart from the annotator's calls."""

from rest_framework import serializers

from annotation.models import Job, Project
from annotation.services.versions import Published


class ProjectIn(serializers.Serializer[Project]):
    """A new project from a template."""

    name = serializers.CharField(max_length=120)
    template = serializers.CharField()
    description = serializers.CharField(required=False, allow_blank=True, default="")
    overlap = serializers.IntegerField(min_value=1, max_value=100, default=1)


class ProjectOut(serializers.ModelSerializer[Project]):
    """A project with its current questions."""

    questions = serializers.SerializerMethodField()
    questions_version = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = (
            "slug",
            "name",
            "description",
            "overlap",
            "lease_s",
            "grace_s",
            "editing",
            "is_paused",
            "created_at",
            "questions_version",
            "questions",
        )

    def get_questions(self, project: Project) -> list[dict[str, object]]:
        """Return the questions as they were stored."""
        version = project.current_questions()
        return list(version.questions) if version else []

    def get_questions_version(self, project: Project) -> int | None:
        """Return the number of the current questions version."""
        version = project.current_questions()
        return version.number if version else None


class FormFile(serializers.Serializer[dict[str, object]]):
    """A form as a file holds it; see docs/FORMATS.md."""

    kind = serializers.CharField(default="polyphony-questions")
    schema = serializers.IntegerField(default=1)
    title = serializers.CharField(required=False, allow_blank=True)
    questions = serializers.ListField(child=serializers.DictField())


class FormPublished(serializers.Serializer[Published]):
    """The version in force after a change, and whether it is a new one."""

    number = serializers.IntegerField()
    is_new = serializers.BooleanField()
    is_changed = serializers.BooleanField()


class JobOut(serializers.ModelSerializer[Job]):
    """The state of a job. `result` never holds a secret."""

    id = serializers.UUIDField(source="public_id")
    done = serializers.IntegerField(source="n_done")
    total = serializers.IntegerField(source="n_total")

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "state",
            "done",
            "total",
            "message",
            "result",
            "created_at",
            "started_at",
            "finished_at",
        )
