"""Step route: what a policy must fulfil, told as sentences at their fields."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from annotation.answers import main_question, parse_questions
from annotation.models import MachineAnnotator, PreAnnotation, Project
from annotation.money import shown
from annotation.questions import Problem
from annotation.words import gettext as _
from annotation.words import join_or
from models_service.selectors.arrays import compared_questions
from routing.models import RoutingPolicy
from routing.prices import SurchargeError, read_surcharges
from routing.selectors.prices import known_fields, known_values, mean_factor
from routing.selectors.spending import items_of, price_of
from routing.selectors.taught_here import taught_here
from routing.services.tag_rules import tag_problems

if TYPE_CHECKING:
    from routing.services.policies import PolicyDraft

LEAST_SEED = 40
MOST = 1_000_000_000
MOST_USD = 10_000


def policy_problems(
    project: Project,
    draft: "PolicyDraft",
    judges: Sequence[MachineAnnotator],
    label_usd: Decimal,
) -> list[Problem]:
    """Return every fault of a policy for this project; [] = none."""
    problems = [
        *_machine_problems(project, draft),
        *_judge_problems(project, draft, judges),
        *_new_item_problems(draft),
        *_number_problems(draft),
        *tag_problems(project, draft),
        *_price_problems(project, draft, label_usd),
        *_surcharge_problems(project, draft),
    ]
    return problems or _budget_problems(project, draft, label_usd)


def _taught_here_words() -> str:
    return _(
        "This AI annotator learned from labels of this project, so on the seed it "
        "would look as right as people are. Choose one that did not."
    )


def _machine_problems(project: Project, draft: "PolicyDraft") -> list[Problem]:
    version = project.current_questions()
    main = main_question(parse_questions(version.questions)) if version else None
    machine, text = draft.machine, ""
    if machine is None:
        text = _("Choose the AI annotator whose label is taken.")
    elif machine.project_id != project.pk:
        text = _("This AI annotator belongs to another project. Choose one of this.")
    elif main is None or main.type not in ("comparison", "ranking", "rating"):
        text = _(
            "Items can be routed where the main question compares two completions, and "
            "this project's does not."
        )
    elif machine in taught_here(project):
        text = _taught_here_words()
    elif not _n_usable(project, machine):
        text = _(
            "This AI annotator has no usable verdict on an item with two completions. "
            "Let it answer the items first."
        )
    return [Problem("machine", text)] if text else []


def _judge_problems(
    project: Project, draft: "PolicyDraft", judges: Sequence[MachineAnnotator]
) -> list[Problem]:
    if any(judge.project_id != project.pk for judge in judges):
        text = _("A judge belongs to another project. Choose judges of this one.")
        return [Problem("judges", text)]
    if taught := [one.name for one in taught_here(project) if one in judges]:
        return [Problem("judges", f"{', '.join(taught)}: {_taught_here_words()}")]
    if draft.machine is not None and draft.machine in judges:
        text = _("The AI annotator whose label is taken is no judge of itself.")
        return [Problem("judges", text)]
    return []


def _new_item_problems(draft: "PolicyDraft") -> list[Problem]:
    machine = draft.machine
    if not draft.judge_new_items or machine is None:
        return []
    if machine.backend == MachineAnnotator.Backend.FILE:
        text = _(
            "The verdicts of this AI annotator come from files, so it cannot be asked "
            "about new items. Leave this off, and import its verdicts with them."
        )
    elif machine.archived_at is not None:
        text = _("This AI annotator is put aside. Take it up again, or leave this off.")
    else:
        return []
    return [Problem("judge_new_items", text)]


def _number_problems(draft: "PolicyDraft") -> list[Problem]:
    problems = []
    if not LEAST_SEED <= draft.n_seed <= MOST:
        text = _("Let the seed have at least {n} items; below that nothing is learned.")
        problems.append(Problem("n_seed", text.format(n=LEAST_SEED)))
    for name in ("audit_share", "reserve_share"):
        value = getattr(draft, name)
        if not (math.isfinite(value) and 0 <= value <= 0.5):
            text = _("Write a share from 0 to 0.5.")
            problems.append(Problem(name, text))
    if draft.strategy not in RoutingPolicy.Strategy.values:
        known = join_or(RoutingPolicy.Strategy.values)
        text = _("There is no strategy {name!r}. The strategies are {known}.")
        words = text.format(name=str(draft.strategy)[:30], known=known)
        problems.append(Problem("strategy", words))
    if draft.ppm not in RoutingPolicy.Ppm.values:
        known = join_or(RoutingPolicy.Ppm.values)
        text = _("There is no prediction model {name!r}. The models are {known}.")
        words = text.format(name=str(draft.ppm)[:30], known=known)
        problems.append(Problem("ppm", words))
    if not 0 <= draft.refit_every <= MOST:
        text = _("Write a whole number from 0; 0 learns anew by hand alone.")
        problems.append(Problem("refit_every", text))
    stop = draft.stop_gain
    if stop is not None and not (math.isfinite(stop) and 0 <= stop < 1):
        text = _("A gain is a share from 0 to below 1; leave it empty for no rule.")
        problems.append(Problem("stop_gain", text))
    if draft.seed is not None and not 0 <= draft.seed < 2**62:
        text = _("The random seed is a whole number from 0 to below 2^62.")
        problems.append(Problem("seed", text))
    return problems


def _price_problems(
    project: Project, draft: "PolicyDraft", label_usd: Decimal
) -> list[Problem]:
    least, text = price_of(project), ""
    is_money = draft.budget_unit == RoutingPolicy.Unit.MONEY
    if not label_usd.is_finite() or not 0 <= label_usd <= MOST_USD:
        text = _("The price of a label is an amount in US dollars, from 0 to {most:,}.")
        text = text.format(most=MOST_USD)
    elif label_usd < least:
        text = _(
            "An answer costs so much in the project's budget that one label, with all "
            "its answers, costs {least}. Write at least that."
        ).format(least=shown(least))
    elif is_money and not label_usd:
        text = _(
            "Say what people's label of one item costs, or give the budget as a number "
            "of labels or a share."
        )
    found = [Problem("label_usd", text)] if text else []
    if not (math.isfinite(draft.length_share) and 0 <= draft.length_share <= 1):
        text = _("The share of the price that grows with the length is from 0 to 1.")
        found.append(Problem("length_share", text))
    return found


def _surcharge_problems(project: Project, draft: "PolicyDraft") -> list[Problem]:
    """Return what is wrong with the first surcharge that does not hold."""
    try:
        for name in read_surcharges(draft.surcharges):
            field, _equals, value = name.partition("=")
            text = _unknown(project, field, value)
            if text:
                return [Problem("surcharges", text)]
    except SurchargeError as error:
        return [Problem("surcharges", str(error))]
    return []


def _unknown(project: Project, field: str, value: str) -> str:
    """Say which fields or values there are, where a surcharge names another."""
    values = known_values(project, field, value)
    if value in values:
        return ""
    if values:
        text = _("No item has {name}. The values of {field} are {known}.")
        name = f"{field}={value}"
        return text.format(name=name, field=field, known=", ".join(values))
    fields = known_fields(project)
    if not fields:
        text = _("No item has the field {field}, nor any other that describes it.")
        return text.format(field=field)
    text = _("No item has the field {field}. What describes items here is {known}.")
    return text.format(field=field, known=", ".join(fields))


def _budget_problems(
    project: Project, draft: "PolicyDraft", label_usd: Decimal
) -> list[Problem]:
    """Return what is wrong with the budget, where all else is right."""
    unit, budget = draft.budget_unit, draft.budget
    units = RoutingPolicy.Unit
    if unit not in units.values:
        text = _("There is no unit {unit!r}. The units are {known}.").format(
            unit=str(unit)[:30], known=join_or(units.values)
        )
        return [Problem("budget_unit", text)]
    if not budget.is_finite() or not 0 < budget <= MOST:
        return [Problem("budget", _("The budget is a number above 0."))]
    if unit == units.SHARE and budget > 1:
        text = _("A share is at most 1, which is all items.")
        return [Problem("budget", text)]
    if unit == units.LABELS and budget % 1:
        return [Problem("budget", _("Write a whole number of items."))]
    n_pool = _n_usable(project, draft.machine)
    n_paid = items_of(unit, budget, n_pool)
    if n_paid is None:
        label_usd *= mean_factor(project, draft.surcharges)
        n_paid = int(budget / label_usd)
    if n_paid < 1:
        text = _("The budget pays for no label. One label costs {price}.")
        return [Problem("budget", text.format(price=shown(label_usd)))]
    if n_paid < min(draft.n_seed, n_pool):
        text = _(
            "The budget pays for {n:,} labels, and the seed alone asks for {n_seed:,}. "
            "Raise the budget, or make the seed smaller."
        )
        words = text.format(n=n_paid, n_seed=min(draft.n_seed, n_pool))
        return [Problem("budget", words)]
    return []


def _n_usable(project: Project, machine: MachineAnnotator | None) -> int:
    """Return about how many items have a verdict that can be taken; one query."""
    return (
        PreAnnotation.objects.filter(
            machine=machine,
            status=PreAnnotation.Status.OK,
            questions_version__in=list(compared_questions(project)),
            item__n_completions=2,
            item__frontier__is_excluded=False,
        )
        .values("item")
        .distinct()
        .count()
    )
