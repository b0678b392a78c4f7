"""Jobs as the pages show them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils import timezone

from annotation.formats.exports.catalogue import FORMATS
from annotation.models import Job, Project
from annotation.words import gettext as _

PER_PAGE = 30
# So long it is kept how items were before a change, so that it can be undone.
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class ShownJob:
    """A job with the words of its state. `n_total` is 0 while nobody knows it."""

    job: Job
    result: dict[str, Any]

    @property
    def is_running(self) -> bool:
        """Tell whether the job has not ended."""
        return self.job.state in (Job.State.WAITING, Job.State.RUNNING)

    @property
    def is_refused(self) -> bool:
        """Tell whether an import found faults and therefore took nothing."""
        return bool(self.result.get("is_refused"))

    @property
    def percent(self) -> int | None:
        """Return the share done; None while it is unknown."""
        if self.job.state == Job.State.DONE:
            return 100
        if not self.job.n_total:
            return None
        return min(100 * self.job.n_done // self.job.n_total, 100)

    @property
    def name(self) -> str:
        """Return what the job is about: the file, or the format."""
        about = str(self.job.parameters.get("name", ""))
        if self.job.kind == Job.Kind.EXPORT:
            form = self.job.parameters.get("options", {}).get("format")
            about = FORMATS[form].title if form in FORMATS else ""
        if self.job.kind == Job.Kind.CHANGE:
            given = self.job.parameters
            about = change_words(str(given["action"]), given.get("value"))
        return f"{self.kind}: {about}" if about else self.kind

    @property
    def kind(self) -> str:
        """Return the kind in words."""
        return str(self.job.get_kind_display())

    @property
    def milliseconds(self) -> float | None:
        """Return how long the job has run; None before its end."""
        began, ended = self.job.started_at, self.job.finished_at
        return (ended - began).total_seconds() * 1000 if began and ended else None

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Return the first rejected rows of an import."""
        return list(self.result.get("problems") or [])

    @property
    def n_problems(self) -> int:
        """Return how many rows were rejected or warned of."""
        return int(self.result.get("n_rejected", 0) + self.result.get("n_warnings", 0))


def change_words(action: str, value: int | None) -> str:
    """Return what a change of items does, in words."""
    if action == "overlap" and value is None:
        return _("take the overlap of the project")
    return {
        "priority": _("set the priority to {value}").format(value=value),
        "overlap": _("set the overlap to {value}").format(value=value),
        "exclude": _("exclude from the work"),
        "include": _("return to the work"),
        "to_ai": _("leave to the AI"),
        "to_people": _("return to people"),
        "to_policy": _("give back to the routing policy"),
    }.get(action, action)


def is_forgotten(job: Job) -> bool:
    """Tell whether it is no longer kept how the items were before a change."""
    return job.finished_at is not None and job.finished_at < timezone.now() - KEPT


def can_undo(job: Job) -> bool:
    """Tell whether a change of items is done and nobody has undone it; one query."""
    if job.kind != Job.Kind.CHANGE or job.state != Job.State.DONE or is_forgotten(job):
        return False
    if job.parameters["action"] == "undo" or not job.result.get("n_changed"):
        return False
    undoes = Job.objects.filter(
        project_id=job.project_id, kind=Job.Kind.CHANGE, parameters__undoes=job.pk
    )
    ended = (Job.State.FAILED, Job.State.CANCELLED)
    return not undoes.exclude(state__in=ended).exists()


def shown_job(job: Job) -> ShownJob:
    """Return a job with its words; no query."""
    return ShownJob(job, job.result if isinstance(job.result, dict) else {})


def job_page(project: Project, number: str | None) -> Page[ShownJob]:
    """Return one page of the jobs people asked for, newest first; two queries."""
    jobs = (
        Job.objects.filter(project=project)
        .exclude(kind=Job.Kind.CHARTS)
        .select_related("created_by")
        .order_by("-created_at")
    )
    page: Page[Any] = Paginator(jobs, PER_PAGE).get_page(number)
    page.object_list = [shown_job(job) for job in page.object_list]
    return page
