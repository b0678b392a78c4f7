"""What the page of routing shows beside its state: choices, counts, money, the seed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count

from annotation.answers import main_question, parse_questions
from annotation.models import (
    FrontierEntry,
    Job,
    MachineAnnotator,
    PreAnnotation,
    Project,
    Route,
)
from annotation.selectors.item_filters import STATES
from annotation.words import gettext as _
from models_service.selectors.arrays import compared_questions
from models_service.selectors.trust import Trust, trust_by_machine
from routing.models import RoutingPolicy
from routing.selectors.budget import Pool
from routing.selectors.spending import price_of
from routing.selectors.state import RoutingState, is_unended
from routing.selectors.taught_here import without_taught

_COUNTS = """
    SELECT r.source, CASE WHEN r.policy IS NULL AND r.part <> 'by_hand' THEN 'held'
        ELSE r.part END, r.policy IS NOT DISTINCT FROM %(policy)s, count(*),
        count(*) FILTER (WHERE f.n_counted >= COALESCE(f.overlap, p.overlap))
    FROM route r JOIN frontier f ON f.item_id = r.item_id
    JOIN project p ON p.id = r.project_id
    WHERE r.project_id = %(project)s AND NOT f.is_excluded
    GROUP BY 1, 2, 3
"""

# Items that no policy has decided on: new ones, and those given back to it.
HELD = "held"


@dataclass(frozen=True)
class Offer:
    """A machine whose label can be taken, and what its last report says.

    `n_items`: items on which it has a usable verdict.
    """

    machine: MachineAnnotator
    trust: Trust | None
    n_items: int = 0


@dataclass(frozen=True)
class Part:
    """Items of one kind of decision; `state`: that of the item browser, or empty.

    `n_labelled` None: people do not label these.
    """

    source: str
    part: str
    words: str
    about: str
    n: int
    n_labelled: int | None
    state: str = ""


def lacking(project: Project, offered: list[Offer]) -> str:
    """Return what a project lacks before it can be routed: questions, machine, none."""
    version = project.current_questions()
    main = main_question(parse_questions(version.questions)) if version else None
    if main is None or main.type not in ("comparison", "ranking", "rating"):
        return "questions"
    return "" if offered else "machine"


def offers(project: Project) -> list[Offer]:
    """Return the machines with a verdict that can be taken; five queries."""
    versions = list(compared_questions(project))
    said = PreAnnotation.objects.filter(
        project=project,
        status=PreAnnotation.Status.OK,
        questions_version__in=versions,
        item__n_completions=2,
    )
    counted = said.values("machine").annotate(n=Count("item", distinct=True))
    counts = dict(counted.values_list("machine", "n"))
    found = (
        MachineAnnotator.objects.filter(project=project, archived_at=None)
        .exclude(kind=MachineAnnotator.Kind.TAGGER)
        .filter(pk__in=counts)
        .order_by("name", "-number")
    )
    trusts = trust_by_machine(project)
    usable = without_taught(project, list(found))
    return [Offer(one, trusts.get(one.pk), counts[one.pk]) for one in usable]


def likeliest(offered: Sequence[Offer]) -> Offer | None:
    """Return whose label an owner most likely wants; None where nothing tells.

    The only one; else who surely agrees most with people; else who has judged most.
    """
    if len(offered) < 2:
        return offered[0] if offered else None
    for known in (_agreement, lambda offer: float(offer.n_items)):
        first, second = sorted(offered, key=known, reverse=True)[:2]
        if known(first) > known(second):
            return first
    return None


def _agreement(offer: Offer) -> float:
    """Return the lower end of how far it agrees with people; 0 where it is not known.

    So who was measured on little does not come before who was measured well.
    """
    if offer.trust is None or not offer.trust.n_items:
        return 0.0
    low = offer.trust.agreement.low
    return low if math.isfinite(low) else 0.0


def parts_of(project: Project, policy: RoutingPolicy | None) -> list[Part]:
    """Return how many items each kind of decision holds; one query."""
    number = policy.number if policy else None
    with connection.cursor() as db:
        db.execute(_COUNTS, {"project": project.pk, "policy": number})
        rows = db.fetchall()
    now: dict[tuple[str, str], list[int]] = {}
    for source, part, is_now, n, n_labelled in rows:
        is_of_now = part in (Route.Part.BY_HAND, HELD)
        is_of_now = is_of_now or (is_now and number is not None)
        key = (source, part if is_of_now else "before")
        counts = now.setdefault(key, [0, 0])
        counts[0] += n
        counts[1] += n_labelled
    return [_part(key, *now[key]) for key in _part_words() if key in now]


def _part(key: tuple[str, str], n: int, n_labelled: int) -> Part:
    source, part = key
    words, about = _part_words()[key]
    is_human = source == Route.Source.HUMAN
    state = part if part in STATES else "" if is_human else source
    return Part(source, part, words, about, n, n_labelled if is_human else None, state)


def _part_words() -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return each kind of decision in words, in the order of the page."""
    return {
        ("human", "seed"): (_("Seed"), _("drawn at random; the gain is learned here")),
        ("human", "audit"): (
            _("Audit"),
            _("drawn at random; measures, and is never learned from"),
        ),
        ("human", "reserve"): (_("Reserve"), _("drawn at random from what is left")),
        ("human", "chosen"): (_("Chosen"), _("for the gain that is expected")),
        ("human", "rest"): (_("Returned"), _("given back to people")),
        ("human", "by_hand"): (_("By hand"), _("somebody returned them to people")),
        ("human", HELD): (_("Outside"), _("the AI has no usable verdict on them")),
        ("human", "before"): (_("Earlier policies"), _("went to people under them")),
        ("ai", "rest"): (_("The rest"), _("takes the AI's label")),
        ("ai", "by_hand"): (_("By hand"), _("somebody left them to the AI")),
        ("ai", "before"): (_("Earlier policies"), _("left them to the AI")),
        ("waiting", "rest"): (_("Waiting"), _("until the seed is labelled")),
        ("waiting", HELD): (_("New"), _("wait for the next run of the policy")),
        ("waiting", "before"): (_("Waiting"), _("since an earlier policy")),
    }


def cost_of_all(project: Project) -> tuple[int, Decimal]:
    """Return the items of the work, and what people's labels of all would cost."""
    n_items = FrontierEntry.objects.filter(project=project, is_excluded=False).count()
    return n_items, price_of(project) * n_items


def pool_before(project: Project, now: RoutingState) -> tuple[Pool, int]:
    """Return the items of a budget before a fit, and how many its policy pays for.

    With a policy they are those with a usable verdict, at its price, and the seed is
    among them; else all items of the work at today's price. Up to two queries.
    """
    if now.policy is None or now.spending is None:
        n_items, all_usd = cost_of_all(project)
        return Pool(n_items, all_usd / n_items if n_items else all_usd), n_items // 4
    n_pool = int(now.seed_run.figures["n_pool"]) if now.seed_run else 0
    pool = Pool(n_pool, now.policy.label_usd)
    paid = now.spending.budget_items
    return pool, pool.items_for(now.policy.budget) if paid is None else paid


def action_of(now: RoutingState) -> str:
    """Return what a person can ask for: `seed`, `embed`, `fit`, or nothing.

    The seed and the embedding where their job did not end well; a fit once the seed is
    labelled, and again at any time. It embeds first what is not embedded.
    """
    if now.policy is None or is_unended(now.job):
        return ""
    is_embedding = is_unended(now.embedding)
    if now.fit_run is not None or now.seed.is_full:
        return "" if is_embedding else "fit"
    has_ended_badly = now.job is not None and now.job.state != Job.State.DONE
    if now.seed_run is None or has_ended_badly:
        return "seed"
    return "embed" if now.embedding is not None and not is_embedding else ""
