"""Recruiting by a platform: how a project ends and pays, who came, who is owed."""

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from annotation.models.base import Row
from annotation.models.participants import Participant
from annotation.models.projects import Invitation, Project


class Recruitment(Row):
    """How a project recruits, ends and pays. A project without one recruits nobody.

    `n_items_wanted` empty: as many as there are. `time_allowed_min` empty: no limit.
    Amounts are in `currency`; `floor_per_hour` 0: no floor is promised.
    """

    class Provider(models.TextChoices):
        PROLIFIC = "prolific", "Prolific"
        MTURK = "mturk", "Mechanical Turk"
        SONA = "sona", "SONA"
        PANEL = "panel", gettext_lazy("Another panel")

    class WhenDone(models.TextChoices):
        STOP = "stop", gettext_lazy("Stop: no further items")
        GO_ON = "go_on", gettext_lazy("May go on if they like")

    class PayKind(models.TextChoices):
        FIXED = "fixed", gettext_lazy("A fixed amount for the wanted items")
        PER_ITEM = "per_item", gettext_lazy("An amount for each item")

    class Clock(models.TextChoices):
        TOTAL = "total", gettext_lazy("From the start to the last answer")
        ACTIVE = "active", gettext_lazy("Active time on the items")

    class TopUp(models.TextChoices):
        NONE = "none", gettext_lazy("Nobody gets a top-up")
        MEDIAN = (
            "median",
            gettext_lazy("Everybody gets what lifts the median to the floor"),
        )
        EACH = "each", gettext_lazy("Each gets what lifts them to the floor")

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, related_name="recruitment"
    )
    provider = models.CharField(max_length=10, choices=Provider.choices)
    id_parameter = models.CharField(max_length=60)
    study_parameter = models.CharField(max_length=60, blank=True)
    session_parameter = models.CharField(max_length=60, blank=True)
    completion_code = models.CharField(max_length=60)
    screen_out_code = models.CharField(max_length=60, blank=True)
    completion_url = models.URLField(max_length=500, blank=True)
    screen_out_url = models.URLField(max_length=500, blank=True)
    n_items_wanted = models.PositiveIntegerField(null=True, blank=True)
    when_done = models.CharField(
        max_length=5, choices=WhenDone.choices, default=WhenDone.STOP
    )
    is_empty_done = models.BooleanField(default=True)
    time_allowed_min = models.PositiveIntegerField(null=True, blank=True)
    pay_kind = models.CharField(
        max_length=8, choices=PayKind.choices, default=PayKind.FIXED
    )
    pay_amount = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(0))
    screen_out_amount = models.DecimalField(
        max_digits=9, decimal_places=2, default=Decimal(0)
    )
    is_pay_partial = models.BooleanField(default=True)
    currency = models.CharField(max_length=3, default="GBP")
    floor_per_hour = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(0)
    )
    clock = models.CharField(max_length=6, choices=Clock.choices, default=Clock.TOTAL)
    top_up = models.CharField(max_length=6, choices=TopUp.choices, default=TopUp.MEDIAN)

    class Meta:
        db_table = "recruitment"
        constraints = [
            models.CheckConstraint(
                condition=Q(pay_amount__gte=0)
                & Q(screen_out_amount__gte=0)
                & Q(floor_per_hour__gte=0),
                name="recruitment_no_negative_pay",
                violation_error_message=gettext_lazy("Pay cannot be below 0."),
            )
        ]

    def __str__(self) -> str:
        return f"recruitment of {self.project_id}"

    @property
    def parameters(self) -> tuple[str, str, str]:
        """Return the names of the person's, the study's and the session's id."""
        return self.id_parameter, self.study_parameter, self.session_parameter


class Enrolment(Row):
    """A participant who came through a recruitment link, and how that ended.

    `created_at` is when they began, `due_at` when the time allowed is over. `reason`
    says why somebody was screened out or withdrew. `code_kind` is the code that was
    shown first at `code_shown_at`. `provider_status` is what the platform said last.
    """

    class State(models.TextChoices):
        WORKING = "working", gettext_lazy("At work")
        COMPLETED = "completed", gettext_lazy("Completed")
        SCREENED_OUT = "screened_out", gettext_lazy("Screened out")
        TIMED_OUT = "timed_out", gettext_lazy("Timed out")
        RETURNED = "returned", gettext_lazy("Returned")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrew")

    class Reason(models.TextChoices):
        NONE = "", ""
        REFUSED = "refused", gettext_lazy("refused the consent")
        CONSENT = "consent", gettext_lazy("took the consent back")
        LEFT = "left", gettext_lazy("stopped before the end")
        QUOTA_FULL = "quota_full", gettext_lazy("their group is complete")
        NOT_QUALIFIED = "not_qualified", gettext_lazy("did not pass the qualification")
        NO_ITEMS = "no_items", gettext_lazy("no item was left")

    class Code(models.TextChoices):
        NONE = "", ""
        COMPLETION = "completion", gettext_lazy("completion code")
        SCREEN_OUT = "screen_out", gettext_lazy("screen-out code")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="enrolment"
    )
    invitation = models.ForeignKey(
        Invitation, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    provider = models.CharField(max_length=10)
    state = models.CharField(
        max_length=12, choices=State.choices, default=State.WORKING
    )
    reason = models.CharField(max_length=14, choices=Reason.choices, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    code_kind = models.CharField(max_length=10, choices=Code.choices, blank=True)
    code_shown_at = models.DateTimeField(null=True, blank=True)
    provider_status = models.CharField(max_length=20, blank=True)
    resume_hmac = models.CharField(max_length=64)
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_amount = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True
    )

    class Meta:
        db_table = "enrolment"
        constraints = [
            models.CheckConstraint(
                condition=(Q(paid_at__isnull=True) & Q(paid_amount__isnull=True))
                | (Q(paid_at__isnull=False) & Q(paid_amount__isnull=False)),
                name="enrolment_paid_with_amount",
            )
        ]
        indexes = [
            models.Index(
                fields=("due_at",),
                condition=Q(state="working"),
                name="enrolment_due",
            ),
            models.Index(fields=("project", "id"), name="enrolment_of_project"),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk} ({self.state})"


class OwedPay(models.Model):
    """What somebody who has withdrawn is still owed, apart from all that they did.

    It names neither participant nor enrolment, so that no way leads from the ids of
    the platform to answers; its key is random and its date a day, so that its place
    tells nothing either. The ids go once it is paid.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    owed_on = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    bonus = models.DecimalField(max_digits=10, decimal_places=2)
    external_id_encrypted = models.BinaryField(null=True)
    details_encrypted = models.BinaryField(null=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "owed_pay"
        constraints = [
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True, external_id_encrypted__isnull=False)
                | Q(
                    paid_at__isnull=False,
                    external_id_encrypted__isnull=True,
                    details_encrypted__isnull=True,
                ),
                name="owed_pay_ids_until_paid",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, bonus__gte=0)
                & (Q(amount__gt=0) | Q(bonus__gt=0)),
                name="owed_pay_something",
            ),
        ]

    def __str__(self) -> str:
        return f"pay owed to somebody who withdrew from {self.project_id}"

    @property
    def total(self) -> Decimal:
        """Return amount and bonus together."""
        return self.amount + self.bonus
