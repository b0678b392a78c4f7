"""What routing tells exports of a project's AI labels: policies, draws, verdicts."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from django.db.models import Count, Q

from annotation.formats.exports.hybrid import AiVerdict, Draw, ToldPolicy
from annotation.formats.exports.types import StoredAnswer
from annotation.models import Project
from annotation.questions import Question
from annotation.selectors.ai_labels import identity_of
from models_service.selectors.label_verdicts import label_verdict
from models_service.selectors.trust import Trust, trust_by_machine
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.selectors.seed_parts import PARTS


class RoutedLabels:
    """The AI labels of one project, as annotation.formats.exports.hybrid asks."""

    def __init__(self, project: Project) -> None:
        self._project = project
        fits = Q(runs__kind=RoutingRun.Kind.FIT, runs__applied_at__isnull=False)
        found = RoutingPolicy.objects.filter(project=project)
        self._policies = list(
            found.select_related("machine")
            .annotate(n_fits=Count("runs", filter=fits))
            .order_by("number")
        )

    @cached_property
    def policies(self) -> Sequence[ToldPolicy]:
        """Return the policies, the newest last."""
        return tuple(
            ToldPolicy(one.number, one.machine_id, _words(one), one.n_fits)
            for one in self._policies
        )

    @cached_property
    def _trusts(self) -> Mapping[int, Trust]:
        return trust_by_machine(self._project)

    def draws(self, numbers: Sequence[int]) -> Mapping[int, Draw]:
        """Return what the newest policy drew at random, by the item's number; a query.

        None where there is no policy.
        """
        if not self._policies:
            return {}
        newest = self._policies[-1]
        found = Decision.objects.filter(
            run__policy=newest,
            part__in=PARTS,
            item__project=self._project,
            item__number__in=list(numbers),
        ).order_by("run_id")
        return {
            number: Draw(
                newest.number,
                part,
                propensity,
                None if cost is None else float(cost),
                str(run),
            )
            for number, part, propensity, cost, run in found.values_list(
                "item__number", "part", "propensity", "cost_usd", "run__job__public_id"
            )
        }

    def verdict(
        self, question: Question, answers: Sequence[StoredAnswer], n_completions: int
    ) -> AiVerdict | None:
        """Return what one machine's stored answers say together; None = nothing."""
        machine = answers[0].machine
        trust = self._trusts.get(machine.key) if machine is not None else None
        return label_verdict(question, answers, n_completions, trust)


def routed_labels(project: Project) -> RoutedLabels:
    """Return what is known of a project's AI labels; one query."""
    return RoutedLabels(project)


def _words(policy: RoutingPolicy) -> str:
    """Return a policy in English, as the card of a data set tells it."""
    unit = {"money": "US dollars", "labels": "items", "share": "of the items"}
    told = [
        f"AI annotator `{identity_of(policy.machine)}`",
        f"strategy {policy.strategy}",
        f"budget {policy.budget.normalize():f} {unit[policy.budget_unit]}",
        f"seed of {policy.n_seed:,} items, {policy.audit_share:.0%} of it the audit",
        f"reserve {policy.reserve_share:.0%}",
        f"random seed {policy.seed}",
        f"set {policy.created_at:%Y-%m-%d}",
        "in force" if policy.ended_at is None else f"ended {policy.ended_at:%Y-%m-%d}",
    ]
    return ", ".join(told)
