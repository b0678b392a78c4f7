"""What the page, REST and files tell of the audit, from its last computation."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from annotation.countries import country_words
from annotation.formats.exports.cells import harmless
from annotation.models import Project, Withdrawal
from annotation.selectors.strata import CHOSEN, LEFT
from annotation.words import gettext as _
from annotation.words import ngettext
from models_service.selectors import trust_page as words
from models_service.selectors.trust import interval
from routing.models import AuditReport, RoutingRun
from routing.selectors.audited import gone_from

State = Literal["told", "making", "withdrawn", "ended"]
COLUMNS = (
    "part",
    "name",
    "stratum",
    "n_people",
    "n",
    "figure",
    "value",
    "low",
    "high",
)


@dataclass(frozen=True)
class Audit:
    """The audit of a fit. `figures` is empty unless `state` is `told`.

    `making`: a worker is about to compute it. `withdrawn`: somebody has withdrawn since
    it was computed, so that it is told no more until it is computed anew. `ended`: its
    policy has, and nobody computes it without those who withdraw.
    """

    state: State
    figures: Mapping[str, Any]
    computed_at: datetime | None = None

    @property
    def n(self) -> int:
        """Return how many of its items are labelled."""
        return int(self.figures.get("n", 0))


@dataclass(frozen=True)
class StratumRow:
    """The people of one stratum. `is_apart`: its difference can be told from none.

    `is_apart_widened`: also where all differences are looked at together.
    """

    name: str
    n_people: int
    n_answers: int
    agreement: words.Estimate
    after: words.Estimate | None
    difference: words.Estimate | None
    is_apart: bool
    is_apart_widened: bool


@dataclass(frozen=True)
class StrataGroup:
    """The strata of one question of the profile."""

    question: str
    rows: tuple[StratumRow, ...]
    n_hidden: int

    @property
    def n_apart(self) -> int:
        """Return how many of its strata differ from everybody else."""
        return sum(row.is_apart for row in self.rows)


@dataclass(frozen=True)
class StrataPage:
    """The audit by stratum; `sentence` says what the differences come to."""

    everybody: StratumRow
    groups: tuple[StrataGroup, ...]
    sentence: str


def audit_of(project: Project, run: RoutingRun | None) -> Audit | None:
    """Return the audit of a fit; None where there is none; two or three queries."""
    if run is None:
        return None
    if "audit_facts" not in run.figures:
        return _of_before(project, run)
    is_over = run.policy.ended_at is not None
    report = AuditReport.objects.filter(project=project).first()
    if report is None or report.figures.get("run") != str(run.job.public_id):
        return Audit("ended" if is_over else "making", {})
    if report.gone != gone_from(project):
        return Audit("ended" if is_over else "withdrawn", {})
    return Audit("told", report.figures, report.computed_at)


def _of_before(project: Project, run: RoutingRun) -> Audit:
    """Return the audit that a fit of an earlier version stored with itself."""
    since = Withdrawal.objects.filter(project=project, created_at__gt=run.planned_at)
    if run.planned_at is not None and since.exists():
        return Audit("withdrawn", {})
    return Audit("told", run.figures.get("audit") or {}, run.planned_at)


def shown_figures(project: Project, run: RoutingRun) -> dict[str, Any]:
    """Return the figures of a run with its audit as it is now; three queries at most.

    `audit` is null while it is computed.
    """
    figures = dict(run.figures)
    if figures.pop("audit_facts", None) is not None:
        told = audit_of(project, run)
        figures["audit"] = told.figures or None if told else None
    return figures


# --- by stratum -----------------------------------------------------------------------


def strata_page(audit: Audit | None) -> StrataPage | None:
    """Return the audit by stratum; None where nothing of it can be told."""
    told = audit.figures.get("strata") if audit else None
    if not told or not told["everybody"]:
        return None
    groups = tuple(
        StrataGroup(
            _question_words(one["question"]),
            tuple(_row(cell) for cell in one["cells"]),
            one["n_hidden"],
        )
        for one in told["groups"]
    )
    everybody = _row(told["everybody"])
    return StrataPage(everybody, groups, _sentence(groups, told["n_compared"]))


def _row(cell: Mapping[str, Any]) -> StratumRow:
    difference, widened = cell["difference"], cell["widened"]
    return StratumRow(
        _stratum_words(cell["name"]),
        cell["size"]["n_people"],
        cell["size"]["n_answers"],
        words.share(interval(cell["agreement"])),
        words.share(interval(cell["after"]), who="human") if cell["after"] else None,
        words.difference(interval(difference)) if difference else None,
        _is_apart(difference),
        _is_apart(widened),
    )


def _is_apart(told: Mapping[str, float | None] | None) -> bool:
    if told is None or told["low"] is None or told["high"] is None:
        return False
    return told["low"] > 0 or told["high"] < 0


def _stratum_words(name: str) -> str:
    if name == CHOSEN:
        return _("chosen")
    return _("not chosen") if name == LEFT else country_words(name)


def _question_words(name: str) -> str:
    question, _slash, option = name.partition("/")
    return f"{question}: {option}" if option else question


def _sentence(groups: tuple[StrataGroup, ...], n_compared: int) -> str:
    """Return what all differences together come to, as many are looked at."""
    if not n_compared:
        return _("No two groups are large enough to be held against each other.")
    rows = [row for group in groups for row in group.rows]
    n_apart = sum(row.is_apart for row in rows)
    text = ngettext(
        "{n} difference is looked at; taken alone, {apart} can be told from none.",
        "{n} differences are looked at; taken alone, {apart} can be told from none.",
        n_compared,
    ).format(n=n_compared, apart=n_apart)
    if n_compared == 1:
        return text
    by_chance = _(
        "By chance alone about {n} would be: with intervals wide enough to hold for "
        "all at once, {still} can."
    )
    still = sum(row.is_apart_widened for row in rows)
    return f"{text} " + by_chance.format(n=f"{0.05 * n_compared:.1f}", still=still)


# --- as a file ------------------------------------------------------------------------


def audit_csv(audit: Audit) -> str:
    """Return every figure of the audit as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(audit.figures):
        writer.writerow(["" if one is None else one for one in row])
    return text.getvalue()


def _rows(told: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    n = told.get("n")
    for figure in ("agreement", "hybrid_accuracy", "errors_found"):
        if told.get(figure):
            yield "all", "", "", None, n, figure, *_ends(told[figure], "mean")
    for tag in told.get("by_tag") or ():
        ends = _ends(tag["agreement"], "mean")
        yield "tag", harmless(tag["name"]), "", None, tag["n"], "agreement", *ends
    strata = told.get("strata") or {}
    if strata.get("everybody"):
        yield from _cell_rows("", strata["everybody"])
        for group in strata["groups"]:
            for cell in group["cells"]:
                yield from _cell_rows(group["question"], cell)


def _cell_rows(question: str, cell: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    size = cell["size"]
    names = ("stratum", harmless(question), harmless(cell["name"]))
    for figure in ("agreement", "after", "difference", "widened"):
        if cell[figure]:
            sizes = (size["n_people"], size["n_answers"])
            yield (*names, *sizes, figure, *_ends(cell[figure], "value"))


def _ends(told: Mapping[str, float | None], middle: str) -> tuple[Any, Any, Any]:
    return told[middle], told["low"], told["high"]
