"""PURE: what a judge's reply means: a verdict in canonical order, or a status.

Called with the last reply of a protocol (models_service.prompts). Only the agreed form
is read. A reply that is not in it has a status and a reason; it is never a tie, never a
default, and is never searched for something that looks like a verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low
from typing import Any, Literal

from annotation.answers import filled, to_canonical, validate
from annotation.questions import Question
from annotation.words import gettext as _
from models_service.backends.base import Failure, Reply
from models_service.json_object import SHOWN, MalformedError, read_object
from models_service.letters import letter_logit, vote_logit
from models_service.prompts import State
from models_service.prompts.base import Case, Kind, Order, question_for
from models_service.refusals import is_refusal
from models_service.shapes import Said, read_said
from models_service.thoughts import after_thoughts

Status = Literal["ok", "unparsable", "refused", "failed"]
# From the best to the worst.
STATUSES: tuple[Status, ...] = ("ok", "unparsable", "refused", "failed")

_REFUSING_REASONS = {"content_filter", "refusal"}


@dataclass(frozen=True)
class OrderVerdict:
    """What a judge said about one case in one presented order.

    `value` answers `question` in canonical order (annotation.answers). `logit` is
    log p(first place) - log p(second place), towards the PLACE shown first; it comes
    from the `tokens` of the verdict's letter, or from `votes`. `critiques` stand in
    canonical order. `reason` says in a sentence why the status is not ok.
    """

    order: Order
    status: Status
    reason: str = ""
    question: Question | None = None
    value: Any = None
    logit: float | None = None
    logit_from: Literal["tokens", "votes", ""] = ""
    rationale: str = ""
    critiques: tuple[str, ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Any]:
        """Return the stored form of the verdict; empty where there is none."""
        if self.status != "ok" or self.question is None:
            return {}
        return {self.question.name: self.value}


def read(
    kind: Kind, case: Case, order: Sequence[int], reply: Reply | Failure
) -> OrderVerdict:
    """Return what the last reply of a protocol says about a case in this order."""
    places = tuple(order)
    question = question_for(kind, case.questions)
    if isinstance(reply, Failure):
        return OrderVerdict(places, reply.status, reply.message, question)
    if reply.finish_reason in _REFUSING_REASONS:
        text = _("The service withheld the reply: {reason}.")
        text = text.format(reason=reply.finish_reason)
        return OrderVerdict(places, "refused", text, question)
    try:
        said = read_said(kind, question, len(places), read_object(reply.text))
    except MalformedError as error:
        status, reason = _unread(reply, str(error))
        return OrderVerdict(places, status, reason, question)
    return _verdict(said, places, question, reply)


def read_final(state: State, reply: Reply | Failure) -> OrderVerdict:
    """Return the verdict of a protocol that has come to its end with this reply.

    A call that failed ends every protocol; so does a step that cannot be gone on from.

    Raises
    ------
    ValueError
        If there is more to ask, and the call did not fail.
    """
    kind, case, order = state.protocol.kind, state.case, state.order
    if isinstance(reply, Reply) and not state.is_final:
        raise ValueError(f"{state.protocol.name!r} has more to ask.")
    if isinstance(reply, Reply) and state.problem:
        status, reason = _unread(reply, state.problem)
        return OrderVerdict(order, status, reason, question_for(kind, case.questions))
    verdict = read(kind, case, order, reply)
    if verdict.status != "ok" or verdict.critiques:
        return verdict
    critiques = state.protocol.critiques(len(order), state.replies)
    return replace(verdict, critiques=_in_canonical_order(critiques, order))


def _unread(reply: Reply, reason: str) -> tuple[Status, str]:
    text = after_thoughts(reply.text).strip()
    if is_refusal(text):
        said = _("The model declined: “{text}”.").format(text=text[:SHOWN])
        return "refused", said
    if reply.finish_reason == "length":
        return "unparsable", _("The reply was cut off at the most tokens allowed.")
    return "unparsable", reason


def _verdict(
    said: Said, order: Order, question: Question | None, reply: Reply
) -> OrderVerdict:
    """Turn what was said of places into a verdict on completions, and check it."""
    if question is None:
        return OrderVerdict(order, "ok", rationale=said.reason, tags=said.tags)
    alone = replace(question, show_if=None, required_if=None, is_required=True)
    shown = filled((alone,), {question.name: said.value}, len(order))
    problems = validate((alone,), shown, len(order))
    if problems:
        return OrderVerdict(order, "unparsable", problems[0].message, question)
    verdict = OrderVerdict(
        order=order,
        status="ok",
        question=question,
        value=to_canonical((alone,), shown, order)[question.name],
        rationale=said.reason,
        critiques=_in_canonical_order(said.critiques, order),
    )
    return _with_logit(verdict, said.value, reply)


def _in_canonical_order(critiques: Sequence[str], order: Order) -> tuple[str, ...]:
    if not critiques:
        return ()
    return tuple(critiques[order.index(index)] for index in range(len(order)))


def _with_logit(verdict: OrderVerdict, shown: Any, reply: Reply) -> OrderVerdict:
    question = verdict.question
    if question is None or question.type != "comparison":
        return verdict
    logit = letter_logit(reply.tokens)
    if logit is not None:
        return replace(verdict, logit=logit, logit_from="tokens")
    return _voted(verdict, [shown["value"]])


def _voted(verdict: OrderVerdict, shown: Sequence[int]) -> OrderVerdict:
    first, second = sum(g > 0 for g in shown), sum(g < 0 for g in shown)
    logit = vote_logit(first, second, len(shown) - first - second)
    return replace(verdict, logit=logit, logit_from="votes")


def vote(samples: Sequence[OrderVerdict]) -> OrderVerdict:
    """Return the verdict of several replies to one pairwise call, in one order.

    The side with more replies wins, at the lower median of its strengths; equal
    numbers are a tie. The logit is the mean over the replies where each has one from
    its tokens, else add-half smoothed log-odds of their votes, so it is finite. Where
    not more than half of the replies could be read, the worst of their statuses is
    the verdict's.

    Raises
    ------
    ValueError
        If there is none, or they are of several orders.
    """
    if len({sample.order for sample in samples}) != 1:
        raise ValueError("votes are taken of one case in one order")
    read_ones = [sample for sample in samples if sample.status == "ok"]
    if 2 * len(read_ones) <= len(samples):
        return max(samples, key=lambda one: STATUSES.index(one.status))
    if len(read_ones) == 1:
        return read_ones[0]
    winner = _winner(read_ones)
    logits = [one.logit for one in read_ones if one.logit_from == "tokens"]
    if len(logits) == len(read_ones):
        mean = sum(one for one in logits if one is not None) / len(logits)
        return replace(winner, logit=mean, logit_from="tokens")
    sign = 1 if winner.order[0] == 0 else -1
    return _voted(winner, [sign * one.value["value"] for one in read_ones])


def _winner(samples: Sequence[OrderVerdict]) -> OrderVerdict:
    """Return the reply that stands for all: its value, and its own rationale."""
    sides = [(one.value["value"] > 0) - (one.value["value"] < 0) for one in samples]
    lead = sum(sides)
    side = (lead > 0) - (lead < 0)
    theirs = [one for one, at in zip(samples, sides, strict=True) if at == side]
    bad = [one for one in theirs if one.value.get("both_bad")]
    if side == 0 and 2 * len(bad) > len(samples):
        return bad[0]
    tied = [one for one in theirs if not one.value.get("both_bad")]
    if side == 0:
        value = {"value": 0}
        return replace(tied[0] if tied else samples[0], value=value)
    grade = median_low([abs(one.value["value"]) for one in theirs])
    return replace(theirs[0], value={"value": side * grade})
