"""How each annotator answers, as the page of managers shows it.

What the answers show is read by a worker (selectors.habit_signs) and kept; who may go
on, and why, is read anew. Pseudonyms alone; nothing here decides anything.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When

from annotation.agreement.habits import Run
from annotation.agreement.intervals import Interval, wilson_interval
from annotation.allocation.insertion import read_rules
from annotation.models import CheckPlan, Participant, Project, StandingChange
from annotation.selectors.charts import kept_habits
from annotation.words import gettext as _
from annotation.words import gettext_noop

# With fewer answers an interval covers nearly everything.
FLOOR = 5
MAX_PEOPLE = 1_000


@dataclass(frozen=True)
class Share:
    """A share with Wilson's interval; `is_open`: too few answers to say anything."""

    n_hits: int
    n: int

    @property
    def is_open(self) -> bool:
        """Tell whether there are too few answers to say anything."""
        return self.n < FLOOR

    @property
    def interval(self) -> Interval:
        """Return the share and the ends of its 95 % interval."""
        return wilson_interval(self.n_hits, self.n)

    @property
    def words(self) -> str:
        """Return the share in whole percent, where there is something to say."""
        if self.is_open:
            return _("not enough to say")
        return f"{round(100 * self.interval.value)} %"

    @property
    def ends(self) -> str:
        """Return the interval in whole percent, "" where nothing is said."""
        if self.is_open:
            return ""
        part = self.interval
        return _("{low} to {high}").format(
            low=round(100 * part.low), high=round(100 * part.high)
        )


NOTHING = Share(0, 0)
NO_RUN = Run(0, 0, 1.0)


@dataclass(frozen=True)
class Habits:
    """One annotator: how they do at checks, and how they answer."""

    id: uuid.UUID
    pseudonym: str
    standing: str
    reason: str
    stage: str
    n_answers: int
    gold: Share = NOTHING
    repeats: Share = NOTHING
    others: Share = NOTHING
    first: Share = NOTHING
    fast: Share = NOTHING
    skips: Share = NOTHING
    alike: Share = NOTHING
    median_s: float | None = None
    run: Run = NO_RUN

    @property
    def run_words(self) -> str:
        """Return the longest run of one same answer, and how likely it is by chance."""
        if self.run.n < 2 * FLOOR:
            return _("not enough to say")
        chance = _("below 0.001") if self.run.p < 0.001 else f"{self.run.p:.3f}"
        return _("{length} alike in a row (by chance: {chance})").format(
            length=self.run.length, chance=chance
        )


@dataclass(frozen=True)
class SideBias:
    """How often the first one shown won over all people; `low` None: too few people."""

    n_first: int
    n_decided: int
    n_people: int
    share: float
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """Return the share with its interval in whole percent."""
        said = f"{round(100 * self.share)} %"
        if self.low is None or self.high is None:
            return said
        return _("{said} ({low} to {high})").format(
            said=said, low=round(100 * self.low), high=round(100 * self.high)
        )

    @property
    def finding(self) -> str:
        """Return what that says, as a sentence."""
        if self.low is None or self.high is None:
            return _("Too few people to say whether the place decides.")
        if self.low > 0.5:
            return _(
                "Surely more than half: the place draws people to what comes first."
            )
        if self.high < 0.5:
            return _(
                "Surely less than half: the place draws people to what comes second."
            )
        return _("Not distinguishable from half: no pull of the place is seen.")


@dataclass(frozen=True)
class Cell:
    """How many pairs both protocols call so; `depth` 0 to 4, the darker the more."""

    n: int
    depth: int
    is_same: bool


@dataclass(frozen=True)
class Protocols:
    """How often two protocols say the same; `low` None: too few people.

    `table[i][j]`: pairs of which the rating says i and the comparison or ranking says
    j; 0 = A is better, 1 = equal, 2 = B. `decisive`: of those that both decide.
    """

    table: list[list[int]]
    n: int
    n_people: int
    share: float
    low: float | None
    high: float | None
    n_decisive: int
    decisive: float | None
    chance: float

    @property
    def rows(self) -> list[tuple[str, list[Cell]]]:
        """Return the table by what the rating says."""
        most = max(max(row) for row in self.table) or 1
        return [
            (_(words), [Cell(n, -(-4 * n // most), i == j) for j, n in enumerate(row)])
            for i, (words, row) in enumerate(zip(SAYS, self.table, strict=True))
        ]

    @property
    def words(self) -> str:
        """Return the share with its interval in whole percent."""
        share = round(100 * self.share)
        if self.low is None or self.high is None:
            return f"{share} %"
        return _("{share} % ({low} to {high})").format(
            share=share, low=round(100 * self.low), high=round(100 * self.high)
        )

    @property
    def finding(self) -> str:
        """Return what that says, as a sentence."""
        if self.low is None or self.high is None:
            said = _("Too few people for an interval; chance alone would give {n} %.")
        elif self.low > self.chance:
            said = _("Surely more than the {n} % that chance alone would give.")
        elif self.high < self.chance:
            said = _("Surely less than the {n} % that chance alone would give.")
        else:
            said = _("Not distinguishable from the {n} % that chance alone would give.")
        return said.format(n=round(100 * self.chance))

    @property
    def decisive_words(self) -> str:
        """Return the share among the pairs that both decide, in whole percent."""
        return "" if self.decisive is None else f"{round(100 * self.decisive)} %"


SAYS = (
    gettext_noop("A is better"),
    gettext_noop("equal"),
    gettext_noop("B is better"),
)


@dataclass(frozen=True)
class HabitPage:
    """Everybody with answers, who need a look first; `made_at` None: not read yet."""

    people: tuple[Habits, ...]
    side: SideBias | None
    protocols: Protocols | None
    has_protocols: bool
    made_at: datetime | None

    @property
    def has_grids(self) -> bool:
        """Tell whether anybody has filled in a rating grid."""
        return any(one.alike.n for one in self.people)


def habit_page(project: Project) -> HabitPage:
    """Return the people with answers; three queries, four where there is a gate.

    At most MAX_PEOPLE; those who may not go on are always among them.
    """
    kept = kept_habits(project)
    numbers = kept.numbers if kept else {}
    signs: Mapping[str, Any] = numbers.get("people", {})
    people = list(
        Participant.objects.filter(project=project, n_done__gt=0, user__isnull=False)
        .exclude(source=Participant.Source.IMPORT)
        .order_by(
            Case(When(standing="active", then=Value(1)), default=Value(0)), "-n_done"
        )[:MAX_PEOPLE]
    )
    ids = [person.pk for person in people]
    has_gate = read_rules(project.check_rules).has_gate
    plans = CheckPlan.objects.in_bulk(ids) if has_gate else {}
    changes = StandingChange.objects.filter(participant__in=ids).order_by("id")
    reasons = {change.participant_id: change.reason for change in changes}
    found = [
        _habits(person, signs.get(str(person.pk)), plans.get(person.pk), reasons)
        for person in people
    ]
    side, protocols = numbers.get("side"), numbers.get("protocols")
    return HabitPage(
        people=tuple(sorted(found, key=_need)),
        side=SideBias(**side) if side else None,
        protocols=Protocols(**protocols) if protocols else None,
        has_protocols=bool(project.protocol_rules or protocols),
        made_at=kept.made_at if kept else None,
    )


def _need(habits: Habits) -> tuple[float, str]:
    """Order by the upper end of what gold says: sure misses come first."""
    shares = [s for s in (habits.gold, habits.repeats) if not s.is_open]
    high = min((share.interval.high for share in shares), default=1.0)
    return high, habits.pseudonym


def _habits(
    person: Participant,
    signs: Mapping[str, Any] | None,
    plan: CheckPlan | None,
    reasons: dict[int, str],
) -> Habits:
    is_active = person.standing == Participant.Standing.ACTIVE
    return Habits(
        id=person.public_id,
        pseudonym=person.pseudonym,
        standing=person.standing,
        reason="" if is_active else reasons.get(person.pk, ""),
        stage=plan.stage if plan else "",
        n_answers=person.n_main,
        **(_of_signs(signs) if signs else {}),
    )


def _of_signs(signs: Mapping[str, Any]) -> dict[str, Any]:
    names = ("gold", "repeats", "others", "first", "fast", "skips", "alike")
    shares = {name: Share(*signs[name]) for name in names}
    return {**shares, "run": Run(*signs["run"]), "median_s": signs["median_s"]}
