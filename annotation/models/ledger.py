"""The budget of a project and its ledger: what is reserved, spent and owed."""

from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from annotation.models.assignments import Assignment
from annotation.models.base import Row
from annotation.models.projects import Project

LONG_AGO = date(1970, 1, 1)
ZERO = Decimal(0)


def usd_field() -> "models.DecimalField[Decimal, Decimal]":
    """Return a column for US dollars with six places."""
    return models.DecimalField(max_digits=16, decimal_places=6, default=ZERO)


class LedgerPurpose(models.TextChoices):
    """Who is paid."""

    HUMAN = "human", gettext_lazy("Answers of people")
    MACHINE = "machine", gettext_lazy("Machine annotators")


class Budget(Row):
    """What a project may spend, in USD, and how much of it is gone or promised.

    A cap that is empty bounds nothing. `price_usd`: of one answer of a person. A day is
    a day of UTC; `day_spent_usd` is what was spent on `day`. Services.ledger alone
    writes the counters, and the command `rebuild_frontier` computes them anew.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, related_name="budget"
    )
    cap_usd = models.DecimalField(
        max_digits=16, decimal_places=6, null=True, blank=True
    )
    day_cap_usd = models.DecimalField(
        max_digits=16, decimal_places=6, null=True, blank=True
    )
    price_usd = usd_field()
    spent_usd = usd_field()
    reserved_usd = usd_field()
    day = models.DateField(default=LONG_AGO)
    day_spent_usd = usd_field()

    class Meta:
        db_table = "budget"
        constraints = [
            models.CheckConstraint(
                condition=Q(cap_usd__isnull=True)
                | Q(cap_usd__gte=F("spent_usd") + F("reserved_usd")),
                name="budget_never_overspent",
                violation_error_message=gettext_lazy(
                    "More is spent and reserved than the budget allows."
                ),
            ),
            models.CheckConstraint(
                condition=Q(spent_usd__gte=0)
                & Q(reserved_usd__gte=0)
                & Q(day_spent_usd__gte=0)
                & Q(price_usd__gte=0)
                & (Q(day_cap_usd__isnull=True) | Q(day_cap_usd__gte=0)),
                name="budget_not_negative",
                violation_error_message=gettext_lazy("Money cannot be below 0."),
            ),
        ]

    def __str__(self) -> str:
        return f"budget of {self.project_id}"


class Reservation(Row):
    """Money set aside for one piece of work, and what became of it.

    `reference` names the work: an assignment, or a batch of a run. `held_usd` is set
    aside now; `spent_usd` was used; `owed_usd` was used where the caps had no room for
    it, and is outside the budget. `lease_until`: when a machine's hold ends by itself;
    that of an answer ends with the lease of its assignment. `round` grows with each
    reversal, so that what is booked once can be booked again after it.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    purpose = models.CharField(max_length=7, choices=LedgerPurpose.choices)
    reference = models.CharField(max_length=120)
    assignment = models.OneToOneField(
        Assignment, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    held_usd = usd_field()
    spent_usd = usd_field()
    owed_usd = usd_field()
    lease_until = models.DateTimeField(null=True, blank=True)
    round = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "reservation"
        constraints = [
            models.UniqueConstraint(
                fields=("project", "reference"), name="reservation_once"
            ),
            models.CheckConstraint(
                condition=Q(held_usd__gte=0) & Q(spent_usd__gte=0) & Q(owed_usd__gte=0),
                name="reservation_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=("lease_until",),
                condition=Q(lease_until__isnull=False),
                name="reservation_leases",
            ),
            models.Index(
                fields=("project", "id"),
                condition=Q(owed_usd__gt=0),
                name="reservation_owed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class LedgerEntry(models.Model):
    """One movement of money; append-only. The counters are the sums of these.

    `reserve` sets aside, `commit` uses what is set aside, `release` gives it back,
    `reverse` takes a commit back, on the day of that commit. `owe` is used without room
    under the caps; `settle` ends such a debt. `key` names what was booked, so that it
    is booked once.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", gettext_lazy("Reserved")
        COMMIT = "commit", gettext_lazy("Spent")
        RELEASE = "release", gettext_lazy("Given back")
        REVERSE = "reverse", gettext_lazy("Taken back")
        OWE = "owe", gettext_lazy("Owed")
        SETTLE = "settle", gettext_lazy("No longer owed")

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    day = models.DateField()
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    reservation = models.ForeignKey(
        Reservation, on_delete=models.CASCADE, related_name="entries"
    )
    round = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=7, choices=LedgerPurpose.choices)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    amount_usd = models.DecimalField(max_digits=16, decimal_places=6)
    key = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.UniqueConstraint(
                fields=("reservation", "round", "kind", "key"),
                condition=Q(kind__in=("commit", "owe")),
                name="ledger_entry_booked_once",
                violation_error_message=gettext_lazy("This cost is booked already."),
            ),
            models.CheckConstraint(
                condition=Q(amount_usd__gt=0), name="ledger_entry_above_zero"
            ),
        ]
        indexes = [
            models.Index(
                fields=("project", "day", "kind", "purpose"),
                include=("amount_usd",),
                name="ledger_entry_days",
            ),
            models.Index(fields=("project", "-id"), name="ledger_entry_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_usd}"
