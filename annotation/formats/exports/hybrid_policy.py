"""PURE: which stored answers are the one label of their item, and why not others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from annotation.formats.exports import hybrid
from annotation.formats.exports.hybrid import (
    ADJUDICATED,
    AI,
    AUDIT,
    HUMAN,
    NO_PART,
    AiLabels,
    AiVerdict,
    Draw,
    HybridCounts,
    Label,
)
from annotation.formats.exports.policy import (
    Outcome,
    Policy,
    Reading,
    Tally,
    count_readings,
    person_refusal,
    refusal,
    unusable,
)
from annotation.formats.exports.types import Row, StoredAnswer, StoredItem, StoredRoute

# Why an item is in no row, beside the reasons of answers.
ITEM_REASONS = {
    "no_label": "nobody's label: no answer by people that counts, and no usable "
    "verdict of an AI annotator whose label may be taken",
    "excluded": "taken out of the work",
    AUDIT: "of the audit: people's labels that measure what is trained on the rest",
}


@dataclass
class _Found:
    """What there is for one item. `n_given`: answers by people, blind or not."""

    people: list[Reading] = field(default_factory=list)
    n_given: int = 0
    ai: list[Reading] = field(default_factory=list)
    verdict: AiVerdict | None = None


@dataclass
class HybridPolicy:
    """Gives each item of an export its one label; every answer goes to the tally.

    `policy` reads the answers. `machine`: the key of the AI annotator whose label is
    taken of items that no policy decided on; None = of none. `overlap`: the answers
    that an item wants if it says nothing of its own.
    """

    policy: Policy
    source: AiLabels
    machine: int | None
    overlap: int
    counts: HybridCounts = field(default_factory=HybridCounts)

    def __post_init__(self) -> None:
        self.counts.policies = self.source.policies
        self._machines = {one.number: one.machine for one in self.source.policies}

    def rows(self, items: Sequence[StoredItem], tally: Tally) -> Iterator[Row]:
        """Yield the rows of items; one query of the apps above for all of them."""
        draws = self.source.draws([item.number for item in items])
        for item in items:
            yield from self._rows_of(item, draws.get(item.number), tally)

    def _rows_of(
        self, item: StoredItem, draw: Draw | None, tally: Tally
    ) -> Iterator[Row]:
        route = hybrid.route_of(item, draw)
        found = self._found(item, route, tally)
        reason = self._refusal(item, route)
        if reason:
            for _ in (*found.people, *found.ai):
                tally.count(reason)
            self.counts.left_out[reason] += 1
            return
        decided = self.policy.decided(item)
        source = HUMAN if decided or found.people else AI
        if source == AI and not found.ai:
            self.counts.left_out["no_label"] += 1
            return
        outcome = self._judged(item, found, decided, tally)
        if not outcome.rows:
            why = outcome.parts[0].reason if outcome.parts else "no_answer"
            self.counts.left_out[why] += 1
            return
        label = self._label(item, found, decided, route)
        self._count(label, found)
        cells = label.cells(len(outcome.rows))
        for row in outcome.rows:
            yield (*row, *cells)

    def _refusal(self, item: StoredItem, route: StoredRoute) -> str:
        if item.is_excluded:
            return "excluded"
        is_out = route.part == AUDIT and self.policy.options.audit == "leave_out"
        return AUDIT if is_out else ""

    # --- what there is ----------------------------------------------------------------

    def _found(self, item: StoredItem, route: StoredRoute, tally: Tally) -> _Found:
        """Read the answers of an item; those that are no candidates are counted."""
        found = _Found()
        by_machine: list[Reading] = []
        key = self._machine_of(route)
        for answer in item.answers:
            read = self._read(answer, key)
            found.n_given += self._is_given(answer)
            if isinstance(read, str):
                tally.count(read)
            elif answer.machine is None:
                found.people.append(read)
            else:
                by_machine.append(read)
        self._hear(item, by_machine, found, tally)
        return found

    def _machine_of(self, route: StoredRoute) -> int | None:
        """Return the machine whose label an item may take: its policy's, else ours."""
        if route.policy is not None:
            return self._machines.get(route.policy, self.machine)
        if route.part != NO_PART and self.source.policies:
            # Decided by hand, or given back to the policy in force.
            return self.source.policies[-1].machine
        return self.machine

    def _read(self, answer: StoredAnswer, key: int | None) -> Reading | str:
        if answer.machine is not None:
            if key is None or answer.machine.key != key:
                return "other_machine"
            return unusable(answer) or self.policy.reading(answer)
        reason = refusal(answer, self.policy.options) or unusable(answer)
        blind = hybrid.blind_of(answer)
        if reason or blind is None:
            return reason or "seen"
        return self.policy.reading(blind)

    def _is_given(self, answer: StoredAnswer) -> bool:
        """Tell whether an answer counts towards what the item wants."""
        return (
            answer.machine is None
            and answer.fate == "current"
            and answer.state == "submitted"
            and answer.purpose == "main"
            and not person_refusal(answer.person, self.policy.options)
        )

    def _hear(
        self, item: StoredItem, rows: list[Reading], found: _Found, tally: Tally
    ) -> None:
        """Make one verdict of what a machine stored under its newest questions."""
        newest = max((one.answer.version for one in rows), default=0)
        heard = [one for one in rows if one.answer.version == newest]
        for one in rows:
            if one not in heard:
                tally.count("superseded")
        if not heard:
            return
        whole = [one for one in heard if not one.answer.order]
        first = (whole or heard)[0]
        verdict = self.source.verdict(
            first.question, [one.answer for one in heard], len(item.completions)
        )
        for one in heard:
            if one is not first:
                tally.count("in_one_order")
        if verdict is None:
            tally.count("machine_failed")
            return
        answers = {**first.answers, first.question.name: verdict.value}
        found.ai.append(first._replace(value=verdict.value, answers=answers))
        found.verdict = verdict

    # --- whose it is ------------------------------------------------------------------

    def _judged(
        self, item: StoredItem, found: _Found, decided: Reading | None, tally: Tally
    ) -> Outcome:
        """Return the rows of the label; what it stands for is counted."""
        policy = self.policy
        is_people = bool(decided or found.people)
        if is_people:
            for _ in found.ai:
                tally.count("people_labelled")
        if decided is None:
            group = found.people or found.ai
            outcome = policy.judge(item, group, policy.options)
            count_readings(group, outcome, tally)
            return outcome
        for _ in found.people:
            tally.count("adjudicated")
        outcome = policy.judge(item, [decided], policy.options)
        for part in outcome.parts:
            tally.count_part(part.reason)
        tally.n_adjudicated += 1
        return outcome

    def _label(
        self,
        item: StoredItem,
        found: _Found,
        decided: Reading | None,
        route: StoredRoute,
    ) -> Label:
        n = len(item.completions)
        wanted = self.overlap if item.overlap is None else item.overlap
        confidence: float | None
        if decided is not None:
            source, confidence, kind = HUMAN, 1.0, ADJUDICATED
        elif found.people:
            source, kind = HUMAN, hybrid.VOTES
            confidence = hybrid.share_of(found.people, n)
        else:
            source = AI
            verdict = found.verdict or AiVerdict({})
            confidence, kind = verdict.confidence, verdict.kind
        return Label(
            source=source,
            confidence=confidence,
            kind=kind if confidence is not None else "",
            is_complete=source == HUMAN and found.n_given >= wanted,
            people=hybrid.side_of(found.people, n),
            ai=hybrid.side_of(found.ai, n),
            ai_annotator=found.ai[0].answer.annotator if found.ai else "",
            route=route,
        )

    def _count(self, label: Label, found: _Found) -> None:
        self.counts.by_source[label.source, label.route.part] += 1
        self.counts.n_audit += label.split == AUDIT
        if label.source == AI and (machine := found.ai[0].answer.machine) is not None:
            self.counts.use(machine)
