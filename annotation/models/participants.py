"""Participants, apart from their log-in: consent, profile, and external ids."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from annotation.models.base import Row, zero
from annotation.models.projects import Project
from annotation.words import gettext_noop


class Participant(Row):
    """A person in one project, known there by a pseudonym only.

    `user` is empty for a person known from an imported file, whose profile there is
    kept in `imported_profile`. The frontier fields are
    where this person's walk through the pool has come to (see services.assignments);
    `n_done` counts the current answers, `n_checks` those of them that are no data
    (checks and repeats), and `firsts` how often which completion stood first in the
    answers that count (places by annotation.allocation.presentation);
    services.submissions alone writes them. `standing` is a decision of the project's
    people, see services.standings. Once so many answers that are data as `n_wanted`
    are given, no further item is lent; empty: without such an end.
    `quota_cells`: the cells of the quotas in force to which the profile belongs, after
    a 0; empty without quotas. Services.quotas writes it.
    """

    class Source(models.TextChoices):
        MEMBER = "member"
        IMPORT = "import"
        RECRUITED = "recruited"

    class Standing(models.TextChoices):
        ACTIVE = "active", gettext_lazy("Active")
        PAUSED = "paused", gettext_lazy("Paused")
        BLOCKED = "blocked", gettext_lazy("Blocked")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="participants"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="participants",
    )
    pseudonym = models.CharField(max_length=60)
    source = models.CharField(
        max_length=10, choices=Source.choices, default=Source.MEMBER
    )
    is_ready = models.BooleanField(default=False)
    imported_profile = models.JSONField(default=dict)
    frontier_version = models.PositiveIntegerField(default=0)
    frontier_rank = models.IntegerField(default=0)
    frontier_key = models.BigIntegerField(default=0)
    n_done = models.PositiveIntegerField(default=0)
    quota_cells = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    firsts = ArrayField(models.PositiveIntegerField(), default=zero, db_default=[0])
    n_wanted = models.PositiveIntegerField(null=True, blank=True)
    n_checks = models.PositiveIntegerField(default=0)
    standing = models.CharField(
        max_length=8, choices=Standing.choices, default=Standing.ACTIVE
    )

    class Meta:
        db_table = "participant"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "user"), name="participant_once_per_person"
            ),
            models.UniqueConstraint(
                fields=("project", "pseudonym"), name="participant_pseudonym"
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def n_main(self) -> int:
        """Return the current answers that are data: no check, no repeat."""
        return self.n_done - self.n_checks

    @property
    def has_all_wanted(self) -> bool:
        """Tell whether no further answer is wanted of this person."""
        return self.n_wanted is not None and self.n_main >= self.n_wanted


# What a person reads whom the project's people have paused or blocked.
STANDING_WORDS: dict[str, str] = {
    "paused": gettext_noop(
        "The people of this project have paused your work in it. Your answers are "
        "stored. Ask the people who invited you."
    ),
    "blocked": gettext_noop(
        "The people of this project have ended your work in it. Your answers are "
        "stored. Ask the people who invited you."
    ),
}


class ExternalIdentity(Row):
    """A participant's id elsewhere (a file, a recruiting platform), encrypted.

    `value_hmac` finds the same person again without decrypting. `details_encrypted`
    holds the ids of study and session that a recruiting platform sent along, as JSON.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="external_identity"
    )
    provider = models.CharField(max_length=60)
    value_encrypted = models.BinaryField()
    value_hmac = models.CharField(max_length=64)
    details_encrypted = models.BinaryField(null=True)

    class Meta:
        db_table = "external_identity"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "provider", "value_hmac"),
                name="external_identity_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} identity of {self.participant_id}"


class ConsentDocument(Row):
    """A version of the consent text, fixed once somebody has answered it.

    `scopes`: [{name, text, is_required, covers}], see annotation.consent. `sha256`
    covers text, scopes and `on_withdrawal`; of the documents made before scopes could
    cover classes of data it covers the text alone.
    """

    class OnWithdrawal(models.TextChoices):
        ERASE = "erase", gettext_lazy("Erase what they answered")
        ANONYMISE = "anonymise", gettext_lazy("Keep it without any link to them")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="consent_documents"
    )
    number = models.PositiveIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    # What the documents without a choice of their own said: answers leave every later
    # export.
    on_withdrawal = models.CharField(
        max_length=9, choices=OnWithdrawal.choices, default=OnWithdrawal.ANONYMISE
    )

    class Meta:
        db_table = "consent_document"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="consent_document_number"
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.number}"


class ConsentRecord(Row):
    """What a participant agreed to, and when. `granted`: names of scopes.

    Append-only: every change is a row of its own, and the newest row of a participant
    is what holds. A withdrawal is a row too, with `withdrawn_at`.
    """

    participant = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="consent_records",
        db_index=False,
    )
    document = models.ForeignKey(
        ConsentDocument, on_delete=models.PROTECT, related_name="records"
    )
    granted = models.JSONField(default=list)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "consent_record"
        indexes = [models.Index(fields=("participant", "-id"), name="consent_newest")]

    def __str__(self) -> str:
        return f"consent of {self.participant_id}"


class Withdrawal(Row):
    """The tombstone of a participant who withdrew: it names nobody.

    Made at the moment of the withdrawal, when the link to the log-in is cut; what was
    answered follows in steps until `done_at`. `n_answers` counts the answers erased or
    set aside so far. `by` and `reason`: the owner who withdrew somebody at their wish.
    `file_mark`: of somebody known from a file, an HMAC by which another import of their
    labels is refused; nothing else is made of it.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="withdrawals"
    )
    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="withdrawal"
    )
    manner = models.CharField(
        max_length=9, choices=ConsentDocument.OnWithdrawal.choices
    )
    n_answers = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    file_mark = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        db_table = "withdrawal"
        indexes = [
            models.Index(
                fields=("project", "file_mark"),
                condition=~models.Q(file_mark=""),
                name="withdrawal_file_mark",
            ),
            models.Index(
                fields=("id",),
                condition=models.Q(done_at__isnull=True),
                name="withdrawal_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"withdrawal {self.pk} ({self.manner})"


class SurveyVersion(Row):
    """A version of the profile survey. `questions`: see annotation.surveys."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="survey_versions"
    )
    number = models.PositiveIntegerField()
    questions = models.JSONField(default=list)

    class Meta:
        db_table = "survey_version"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "number"), name="survey_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"survey {self.number}"


class SurveyAnswer(Row):
    """One answer of a profile, with its state and the order its options had."""

    class State(models.TextChoices):
        ANSWERED = "answered"
        NOT_SHOWN = "not_shown"
        SKIPPED = "skipped"
        PREFER_NOT = "prefer_not"
        NOT_APPLICABLE = "not_applicable"

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="survey_answers"
    )
    version = models.ForeignKey(
        SurveyVersion, on_delete=models.PROTECT, related_name="answers"
    )
    question = models.CharField(max_length=60)
    state = models.CharField(max_length=14, choices=State.choices)
    value = models.JSONField(null=True, blank=True)
    order_shown = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "survey_answer"
        constraints = [
            models.UniqueConstraint(
                fields=("participant", "version", "question"), name="survey_answer_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.state}"


class PastSurveyAnswer(Row):
    """An answer as it was before its person changed it; `created_at` is when."""

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="past_survey_answers"
    )
    version = models.ForeignKey(
        SurveyVersion, on_delete=models.PROTECT, related_name="+"
    )
    question = models.CharField(max_length=60)
    state = models.CharField(max_length=14, choices=SurveyAnswer.State.choices)
    value = models.JSONField(null=True, blank=True)
    order_shown = models.JSONField(null=True, blank=True)
    given_at = models.DateTimeField()

    class Meta:
        db_table = "past_survey_answer"

    def __str__(self) -> str:
        return f"{self.question}: {self.state}, replaced"
