"""Step set-up: make items checks, end that, and set what a project checks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Case, Q, When

from annotation.allocation.insertion import BOUNDS, CheckRules
from annotation.answers import Problem
from annotation.errors import ConflictError, InvalidError
from annotation.gold import Gold, InvalidGoldError, read_gold
from annotation.models import Assignment, CheckItem, FrontierEntry, Item, Project
from annotation.questions import parse_questions
from annotation.services.events import record
from annotation.services.suggestion_rules import check_problems
from annotation.words import gettext as _
from annotation.words import ngettext

GONE = (Assignment.State.EXPIRED, Assignment.State.RELEASED)
CHECKS = (
    Assignment.Purpose.TRAINING,
    Assignment.Purpose.QUALIFICATION,
    Assignment.Purpose.MONITORING,
    Assignment.Purpose.ATTENTION,
)


@transaction.atomic
def use_as_check(*, item: Item, gold: Mapping[str, Any], by: User) -> CheckItem:
    """Store what is right for an item and make it a check, or change both.

    Unless it stays in the pool, the item is lent as a check alone from now on. Answers
    given to it before stay data; who gave one is not asked again.

    Raises InvalidError with every fault, ConflictError where somebody has it in hand.
    """
    project = item.project
    read = checked_gold(project, item, gold)
    if not read.use:
        raise InvalidError(_("Choose what the check is for."), problems=[_no_use()])
    if read.is_in_pool and read.use != "monitoring":
        raise InvalidError(_("Only silent gold can be judged as data too."))
    entry = FrontierEntry.objects.select_for_update().get(pk=item.pk)
    known = CheckItem.objects.select_for_update().filter(item=item).first()
    is_aside = known is not None and not known.is_in_pool
    before = known.overlap_before if known and is_aside else entry.overlap
    if read.is_in_pool and is_aside and _is_answered(item):
        raise ConflictError(
            _("People have met this item as a check, so it cannot be data too.")
        )
    check, _made = CheckItem.objects.update_or_create(
        item=item,
        defaults={
            "project": project,
            "use": read.use,
            "is_in_pool": read.is_in_pool,
            "is_retired": False,
            "overlap_before": before,
        },
    )
    _set_aside(item, project, None if read.is_in_pool else 0, before)
    item.gold = read.to_json()
    item.save(update_fields=["gold"])
    record(project=project, user=by, kind="check_made", item=item.number, use=read.use)
    return check


@transaction.atomic
def end_check(*, check: CheckItem, by: User) -> bool:
    """Ask nobody this check any more; tell whether the item is back in the pool.

    An item that somebody has met as a check stays out of the pool: their answer to
    it would be no data. The known answer stays stored.
    """
    item = check.item
    FrontierEntry.objects.select_for_update().get(pk=item.pk)
    is_back = check.is_in_pool or not _is_answered(item)
    if is_back:
        _set_aside(item, item.project, None, check.overlap_before)
        item.gold = {**(item.gold or {}), "use": ""}
        item.save(update_fields=["gold"])
        check.delete()
    else:
        CheckItem.objects.filter(pk=check.pk).update(is_retired=True)
    record(
        project=item.project,
        user=by,
        kind="check_ended",
        item=item.number,
        is_back=is_back,
    )
    return is_back


def checked_gold(project: Project, item: Item, gold: Mapping[str, Any]) -> Gold:
    """Return a known answer that fits the project's questions.

    Raises InvalidError with every fault.
    """
    version = project.current_questions()
    questions = parse_questions(version.questions if version else None)
    try:
        return read_gold(gold, questions, item.n_completions)
    except InvalidGoldError as error:
        raise InvalidError(
            _("The known answer does not fit. Mend it and save again."),
            problems=error.problems,
        ) from error


def store_checks(project: Project, drafts: Sequence[tuple[int, Gold]]) -> None:
    """Make new items of an import checks, which nobody has seen yet."""
    CheckItem.objects.bulk_create(
        CheckItem(
            item_id=item_id, project=project, use=gold.use, is_in_pool=gold.is_in_pool
        )
        for item_id, gold in drafts
    )
    aside = [item_id for item_id, gold in drafts if not gold.is_in_pool]
    with connection.cursor() as db:
        db.execute(
            "UPDATE check_item c SET overlap_before = f.overlap FROM frontier f"
            " WHERE f.item_id = c.item_id AND c.item_id = ANY(%s)",
            [aside],
        )
        db.execute(
            "UPDATE frontier SET target = 0, overlap = 0 WHERE item_id = ANY(%s)",
            [aside],
        )


def _is_answered(item: Item) -> bool:
    return (
        Assignment.objects.filter(item=item, purpose__in=CHECKS)
        .exclude(state__in=GONE)
        .exists()
    )


def _set_aside(
    item: Item, project: Project, aside: int | None, before: int | None
) -> None:
    """Take an item out of the pool (`aside` 0), or give it back what it wanted."""
    overlap = before if aside is None else aside
    target = project.overlap if overlap is None else overlap
    FrontierEntry.objects.filter(pk=item.pk).update(
        overlap=overlap,
        target=Case(
            When(Q(is_excluded=True) | Q(is_routed_away=True), then=0), default=target
        ),
    )
    if aside is None:
        with connection.cursor() as db:
            # Who has walked past its place must find it again.
            db.execute(
                "UPDATE project SET frontier_version = frontier_version + 1"
                " WHERE id = %s",
                [project.pk],
            )


def _no_use() -> Problem:
    return Problem("gold.use", _("Choose what the check is for."))


@transaction.atomic
def set_rules(*, project: Project, rules: CheckRules, by: User) -> Project:
    """Set what a project checks and how often; people go on where they are.

    Raises InvalidError for a value out of range, or where the items are not there.
    """
    problems = [
        Problem(
            name, _("This is a number from {low} to {high}.").format(low=low, high=high)
        )
        for name, (low, high) in BOUNDS.items()
        if not low <= getattr(rules, name) <= high
    ]
    row = Project.objects.select_for_update().get(pk=project.pk)
    problems += [*_missing_items(project, rules), *check_problems(row, rules)]
    if problems:
        raise InvalidError(_("The rules need mending."), problems=problems)
    row.check_rules = rules.to_json()
    row.save(update_fields=["check_rules"])
    record(project=row, user=by, kind="check_rules_changed", **row.check_rules)
    return row


def n_checks(project: Project) -> dict[str, int]:
    """Return how many items of each use can be asked; one query."""
    found = CheckItem.objects.filter(
        project=project, is_retired=False, is_in_pool=False
    ).values_list("use", flat=True)
    uses = list(found)
    return {use: uses.count(use) for use in CheckItem.Use.values}


def _too_few(n: int, n_there: int, label: str) -> str:
    needs = ngettext(
        "This needs {n} item marked “{label}”",
        "This needs {n} items marked “{label}”",
        n,
    ).format(n=n, label=label)
    return ngettext(
        "{needs}, and there is {n}. Mark items on their pages, or import them.",
        "{needs}, and there are {n}. Mark items on their pages, or import them.",
        n_there,
    ).format(needs=needs, n=n_there)


def _missing_items(project: Project, rules: CheckRules) -> list[Problem]:
    """A qualification without its items would let nobody in, or anybody."""
    there = n_checks(project)
    wanted = {
        "n_training": (rules.n_training, "training"),
        "n_qualification": (rules.n_qualification, "qualification"),
        "monitoring_every": (min(rules.monitoring_every, 1), "monitoring"),
        "attention_every": (min(rules.attention_every, 1), "attention"),
    }
    return [
        Problem(field, _too_few(n, there[use], _label(use)))
        for field, (n, use) in wanted.items()
        if there[use] < n
    ]


def _label(use: str) -> str:
    return str(CheckItem.Use(use).label)
