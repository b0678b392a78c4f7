"""PURE: what an answer says of two completions, and what several answers say together.

Sign: a grade above 0 prefers the completion with the lower canonical index.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from annotation.agreement.votes import majority
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Part, Reading
from annotation.verdicts import rating_means

Scores = Sequence[float | None]
# What the sign of a grade is called.
SIDES = {1: "a", -1: "b", 0: "tie"}


class Vote(NamedTuple):
    """One answer on the completions `a` < `b`.

    `grade` in [-1, 1]: 1 is the strongest preference for `a` that the question
    offers, 0 a tie. `weight`: 1 / pairs of the answer, so that a long list does not
    outweigh a comparison. `reason`: why the pair says nothing, "" where it does.
    """

    reading: Reading
    a: int
    b: int
    grade: float
    weight: float
    is_both_bad: bool = False
    score_a: float | None = None
    score_b: float | None = None
    reason: str = ""


def scores_of(reading: Reading, options: ExportOptions) -> Scores:
    """Return the mark of each completion: of one criterion, or the mean of all.

    In steps of the question's scale; None where nothing applies.
    """
    value: Mapping[str, Any] = reading.value
    if options.criterion:
        value = {name: m for name, m in value.items() if name == options.criterion}
    return rating_means(value)


def votes_of(
    reading: Reading, n_completions: int, options: ExportOptions
) -> Iterator[Vote]:
    """Yield what an answer says of each pair of completions."""
    if reading.question.type == "comparison":
        yield from _comparison(reading)
    elif reading.question.type == "ranking":
        yield from _ranking(reading, n_completions)
    else:
        yield from _rating(reading, n_completions, options)


def _comparison(reading: Reading) -> Iterator[Vote]:
    grade = reading.value.get("value")
    if type(grade) is int:
        strength = max(reading.question.strength, abs(grade))
        is_both_bad = bool(reading.value.get("both_bad"))
        yield Vote(reading, 0, 1, grade / strength, 1.0, is_both_bad)


def tier_numbers(value: Mapping[str, Any]) -> dict[int, int]:
    """Return the tier of each completion from 0.

    What has no place stands below the last one, and what is unacceptable stands last.
    What is not judged has no tier.
    """
    below = [value["below"]] if value.get("below") else []
    tiers = [*value.get("tiers", []), *below, value.get("unacceptable", [])]
    return {index: n for n, tier in enumerate(tiers) for index in tier}


def _ranking(reading: Reading, n_completions: int) -> Iterator[Vote]:
    places = tier_numbers(reading.value)
    out = set(reading.value.get("unacceptable", []))
    below = set(reading.value.get("below", []))
    skipped = set(reading.value.get("not_judged", []))
    weight = _pair_weight(n_completions)
    for a, b in combinations(sorted({*places, *skipped}), 2):
        if a in skipped or b in skipped:
            yield Vote(reading, a, b, 0, weight, reason="not_judged")
        elif a in below and b in below:
            yield Vote(reading, a, b, 0, weight, reason="not_compared")
        else:
            grade = (places[b] - places[a]) / (n_completions - 1)
            yield Vote(reading, a, b, grade, weight, a in out and b in out)


def _rating(
    reading: Reading, n_completions: int, options: ExportOptions
) -> Iterator[Vote]:
    scores = scores_of(reading, options)
    span = reading.question.high - reading.question.low
    weight = _pair_weight(n_completions)
    for a, b in combinations(range(len(scores)), 2):
        high, low = scores[a], scores[b]
        if high is None or low is None:
            yield Vote(reading, a, b, 0, weight, reason="not_rated")
            continue
        difference = high - low
        is_small = 0 < abs(difference) < options.min_difference
        reason = "small_difference" if is_small else ""
        yield Vote(
            reading, a, b, difference / span, weight, False, high, low, reason=reason
        )


def _pair_weight(n_completions: int) -> float:
    return 2 / (n_completions * (n_completions - 1))


# --- several answers on one pair --------------------------------------------------


class Pair(NamedTuple):
    """A preference to be written: `chosen` over `rejected`, and the votes behind it.

    `p_chosen` = (wins + half of the ties) / votes. `margin` is the mean grade towards
    the chosen one, never below 0.
    """

    chosen: int
    rejected: int
    votes: tuple[Vote, ...]
    p_chosen: float
    margin: float
    weight: float

    @property
    def score_chosen(self) -> float | None:
        """Return the mean mark of the chosen completion, where there are marks."""
        return self._score(self.chosen)

    @property
    def score_rejected(self) -> float | None:
        """Return the mean mark of the rejected completion, where there are marks."""
        return self._score(self.rejected)

    def _score(self, index: int) -> float | None:
        marks = [v.score_a if v.a == index else v.score_b for v in self.votes]
        known = [mark for mark in marks if mark is not None]
        return sum(known) / len(known) if known else None


@dataclass
class Settled:
    """What the votes on one pair come to."""

    pairs: list[Pair] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def leave_out(self, votes: Sequence[Vote], reason: str) -> None:
        """Count votes that are in no row."""
        self.parts += [Part(vote.reading.answer.id, reason) for vote in votes]

    def add(self, pair: Pair) -> None:
        """Take a pair; its votes are counted by `use`."""
        self.pairs.append(pair)

    def use(self, votes: Sequence[Vote]) -> None:
        """Count votes that are in a row."""
        self.leave_out(votes, "")


def settle(votes: Sequence[Vote], options: ExportOptions) -> Settled:
    """Apply the policy for ties, both bad and conflicts to the votes on one pair."""
    result = Settled()
    for vote in votes:
        if vote.reason:
            result.leave_out([vote], vote.reason)
    open_ = [vote for vote in votes if not vote.reason]
    if options.is_hybrid:
        _one_label(open_, options, result)
        return result
    bad = [vote for vote in open_ if vote.is_both_bad]
    if options.both_bad != "as_tie" and bad:
        result.leave_out(bad, "both_bad")
        open_ = [vote for vote in open_ if not vote.is_both_bad]
        if options.both_bad == "drop_pair":
            result.leave_out(open_, "pair_both_bad")
            return result
    ties = [vote for vote in open_ if vote.grade == 0]
    wins = [vote for vote in open_ if vote.grade != 0]
    if options.ties != "half" and ties:
        result.leave_out(ties, "tie")
        ties = []
        if options.ties == "drop_pair":
            result.leave_out(wins, "pair_tied")
            return result
    _decide(wins, ties, options, result)
    return result


def _decide(
    wins: Sequence[Vote], ties: Sequence[Vote], options: ExportOptions, result: Settled
) -> None:
    n_a = sum(vote.grade > 0 for vote in wins)
    n_b = len(wins) - n_a
    if n_a and n_b and options.conflicts == "drop_pair":
        result.leave_out([*wins, *ties], "conflict")
        return
    if options.is_aggregated:
        _aggregate([*wins, *ties], n_a, n_b, result)
        return
    kept = list(wins)
    if n_a and n_b and options.conflicts == "majority":
        kept = [v for v in wins if n_a != n_b and (v.grade > 0) == (n_a > n_b)]
        reason = "minority" if kept else "no_majority"
        result.leave_out([v for v in wins if v not in kept], reason)
    for vote in kept:
        result.add(_single(vote, vote.grade > 0, 1.0, vote.weight))
    for vote in ties:
        result.add(_single(vote, True, 0.5, vote.weight / 2))
        result.add(_single(vote, False, 0.5, vote.weight / 2))
    result.use([*kept, *ties])


def _single(vote: Vote, is_a: bool, p_chosen: float, weight: float) -> Pair:
    chosen, rejected = (vote.a, vote.b) if is_a else (vote.b, vote.a)
    return Pair(chosen, rejected, (vote,), p_chosen, abs(vote.grade), weight)


def _aggregate(votes: Sequence[Vote], n_a: int, n_b: int, result: Settled) -> None:
    if n_a == n_b:
        result.leave_out(votes, "no_majority" if n_a else "tie")
        return
    sign = 1 if n_a > n_b else -1
    first = votes[0]
    chosen, rejected = (first.a, first.b) if sign > 0 else (first.b, first.a)
    n_ties = len(votes) - n_a - n_b
    p_chosen = (max(n_a, n_b) + n_ties / 2) / len(votes)
    margin = max(0.0, sign * sum(vote.grade for vote in votes) / len(votes))
    result.add(Pair(chosen, rejected, tuple(votes), p_chosen, margin, first.weight))
    result.use(votes)


def side_of(grades: Sequence[float]) -> int:
    """Return the side that most grades name: 1, -1, or 0 for a tie.

    A tie is a class of its own, and so it is where no side has most.
    """
    signs = [(grade > 0) - (grade < 0) for grade in grades]
    return majority(signs).choice or 0


def _one_label(votes: Sequence[Vote], options: ExportOptions, result: Settled) -> None:
    """Make the one label of a pair of what most votes say."""
    if not votes:
        return
    grades = [0.0 if vote.is_both_bad else vote.grade for vote in votes]
    side, first, n_ties = side_of(grades), votes[0], grades.count(0)
    if side == 0 and options.ties != "half":
        result.leave_out(votes, "tie")
        return
    if n_ties and options.ties == "drop_pair":
        result.leave_out(votes, "pair_tied")
        return
    for sign in (side,) if side else (1, -1):
        chosen, rejected = (first.a, first.b) if sign > 0 else (first.b, first.a)
        n_wins = sum(grade * sign > 0 for grade in grades)
        p_chosen = (n_wins + n_ties / 2) / len(votes)
        margin = max(0.0, sign * sum(grades) / len(votes))
        weight = first.weight if side else first.weight / 2
        result.add(Pair(chosen, rejected, tuple(votes), p_chosen, margin, weight))
    result.use(votes)


def settle_all(
    readings: Sequence[Reading], n_completions: int, options: ExportOptions
) -> Settled:
    """Settle every pair of an item's completions, in canonical order."""
    by_pair: dict[tuple[int, int], list[Vote]] = {}
    result = Settled()
    for reading in readings:
        if n_completions < 2:
            result.parts.append(Part(reading.answer.id, "not_two"))
            continue
        for vote in votes_of(reading, n_completions, options):
            by_pair.setdefault((vote.a, vote.b), []).append(vote)
    for _, votes in sorted(by_pair.items()):
        settled = settle(votes, options)
        result.pairs += settled.pairs
        result.parts += settled.parts
    return result
