"""Projects, their versioned questions and guidelines, members and ways in."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from annotation.models.base import Row


class Project(Row):
    """One study: its questions, rules of assignment, and members.

    `seed` fixes the order in which completions are shown. `frontier_version` grows
    when priorities change, which sends every annotator back to the front of the pool.
    `check_rules`: see annotation.allocation.insertion; {} where nothing is checked.
    `protocol_rules`: see annotation.allocation.pairing; {} without a second protocol.
    `has_quotas`: the newest quotas say something, so a claim must ask them.
    `has_priced_answers`: answers cost money, or did, so a claim must ask the ledger.
    `suggestion_policy`: the one in force; empty where no verdict is shown to people.
    `routing_policy`: the number of the one in force; empty where none is.
    `do_new_items_wait`: what is imported waits for the decision of that policy.
    """

    class Editing(models.TextChoices):
        NEVER = "never", gettext_lazy("Only while it can be taken back")
        UNTIL_COMPLETE = (
            "until_complete",
            gettext_lazy("Until the item has all its answers"),
        )
        ALWAYS = "always", gettext_lazy("At any time")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    overlap = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    lease_s = models.PositiveIntegerField(
        default=1800, validators=[MinValueValidator(30), MaxValueValidator(86400)]
    )
    grace_s = models.PositiveIntegerField(
        default=120, validators=[MinValueValidator(0), MaxValueValidator(86400)]
    )
    # How long people may put a new version in place of an own answer.
    editing = models.CharField(
        max_length=16, choices=Editing.choices, default=Editing.NEVER
    )
    seed = models.BigIntegerField(default=0)
    frontier_version = models.PositiveIntegerField(default=1)
    is_paused = models.BooleanField(default=False)
    check_rules = models.JSONField(default=dict, blank=True)
    protocol_rules = models.JSONField(default=dict, blank=True)
    has_quotas = models.BooleanField(default=False, db_default=False)
    has_priced_answers = models.BooleanField(default=False, db_default=False)
    suggestion_policy = models.ForeignKey(
        "annotation.SuggestionPolicy",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    routing_policy = models.PositiveIntegerField(null=True, blank=True)
    do_new_items_wait = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "project"
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def current_questions(self) -> "QuestionsVersion | None":
        """Return the newest questions of the project's own; one query."""
        return (
            self.questions_versions.filter(purpose=QuestionsVersion.Purpose.PROJECT)
            .order_by("-number")
            .first()
        )

    def current_guidelines(self) -> "GuidelinesVersion | None":
        """Return the newest guidelines; one query."""
        return self.guidelines_versions.order_by("-number").first()


class QuestionsVersion(Row):
    """The questions of a project, frozen once an answer points to them.

    `purpose` tells the project's own questions from those of its second protocol, and
    from those that an imported file's labels answered elsewhere.
    """

    class Purpose(models.TextChoices):
        PROJECT = "project"
        SECOND_PROTOCOL = "second_protocol"
        IMPORTED = "imported"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="questions_versions"
    )
    number = models.PositiveIntegerField()
    purpose = models.CharField(
        max_length=16, choices=Purpose.choices, default=Purpose.PROJECT
    )
    questions = models.JSONField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "questions_version"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "purpose", "number"), name="questions_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"questions {self.number}"


class GuidelinesVersion(Row):
    """The guidelines of a project in Markdown, frozen once an answer points there."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="guidelines_versions"
    )
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)

    class Meta:
        db_table = "guidelines_version"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="guidelines_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"guidelines {self.number}"


class Role(models.TextChoices):
    """What a person may do in a project."""

    OWNER = "owner", gettext_lazy("Owner")
    RESEARCHER = "researcher", gettext_lazy("Researcher")
    ANNOTATOR = "annotator", gettext_lazy("Annotator")


class Membership(Row):
    """A person's role in a project."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "user"), name="membership_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.project_id}"


class Invitation(Row):
    """A link that lets people join. Only the hash of its secret is stored.

    By a link of the kind `recruitment` a platform sends people with an id of theirs.
    """

    class Kind(models.TextChoices):
        LOG_IN = "log_in"
        RECRUITMENT = "recruitment"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ANNOTATOR)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.LOG_IN)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=120, blank=True)
    expires_at = models.DateTimeField()
    n_max = models.PositiveIntegerField(default=100)
    n_used = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "invitation"
        constraints = [
            models.CheckConstraint(
                condition=Q(n_used__lte=models.F("n_max")), name="invitation_cap"
            )
        ]

    def __str__(self) -> str:
        return f"invitation to {self.project_id}"


class ApiToken(Row):
    """A person's key for the REST interface. Only its hash is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=8)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
