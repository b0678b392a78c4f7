"""What a run would ask and cost: told before it begins, and of what is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from django.db.models import Sum

from annotation.models import MachineAnnotator, QuestionsVersion
from annotation.words import gettext as _
from annotation.words import gettext_noop
from models_service.models import Run
from models_service.prompts import PROTOCOLS, misfit, orders
from models_service.scores import question_of
from models_service.selectors.juries import lacking
from models_service.selectors.seats import is_jury
from models_service.selectors.wanted import (
    Selection,
    WantedItem,
    count_wanted,
    wanted_batches,
)

MILLION = Decimal(1_000_000)
# Where the machine has made no call yet: English has about four characters a token,
# and a verdict with its reason is about so long.
CHARS_PER_TOKEN = 4
TOKENS_OF_ANSWER = 120
# What an earlier step of a protocol said, in the prompts of the later ones.
FILLER = "word" * TOKENS_OF_ANSWER
FILLERS = {"critiques": f'{{"critiques": {{"A": "{FILLER}", "B": "{FILLER}"}}}}'}
UNSCORED = gettext_noop(
    "Scores answer a comparison of two answers, or a ranking. The project asks none "
    "that fits these items."
)
# So many items tell the mean length of all.
N_LOOKED_AT = 40


@dataclass(frozen=True)
class Forecast:
    """How many items a run would ask about, with tokens and cost in USD.

    `is_measured`: from earlier calls; else from the lengths of texts. `cost_usd` is
    None where nobody knows the price. `misfit` says why the protocol cannot judge the
    items looked at; "" = it can. `n_lacking`: on how many items too few members of a
    jury have a verdict.
    """

    n_items: int
    n_calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None
    is_measured: bool
    misfit: str = ""
    n_lacking: int = 0


def forecast(
    machine: MachineAnnotator, questions: QuestionsVersion, selection: Selection
) -> Forecast:
    """Return what a run over a selection would ask and cost; five queries at most.

    A jury makes no calls.
    """
    n_items = count_wanted(machine, questions, selection)
    if is_jury(machine):
        n_lacking = lacking(machine, questions, selection).n
        return Forecast(n_items, 0, 0, 0, Decimal(0), True, n_lacking=n_lacking)
    batches = wanted_batches(machine, questions, selection, None, N_LOOKED_AT)
    # Where all is answered, looking for one more would read all of them again.
    looked_at = next(islice(batches, 1), []) if n_items else []
    fitting, why = _fitting(machine, looked_at)
    per_item = _calls_per_item(machine, fitting)
    share = len(fitting) / len(looked_at) if looked_at else 0.0
    n_calls = round(n_items * share * per_item)
    measured = _measured(machine)
    means = measured or _guessed(machine, fitting)
    tokens_in, tokens_out = (round(n_calls * mean) for mean in means)
    return Forecast(
        n_items=n_items,
        n_calls=n_calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_usd=price_of(machine, tokens_in, tokens_out),
        is_measured=measured is not None,
        misfit=why,
    )


def price_of(
    machine: MachineAnnotator, tokens_in: int, tokens_out: int
) -> Decimal | None:
    """Return US dollars; None where a price is not known."""
    price_in, price_out = machine.usd_per_million_in, machine.usd_per_million_out
    if price_in is None or price_out is None:
        return None
    return (price_in * tokens_in + price_out * tokens_out) / MILLION


@dataclass(frozen=True)
class Rest:
    """What is left of a run, by what it has used so far; None = not known yet."""

    n_items: int
    tokens: int | None
    cost_usd: Decimal | None


def rest_of(run: Run) -> Rest:
    """Return what is left of a run; no query."""
    n_done = run.n_ok + run.n_unparsable + run.n_refused + run.n_failed
    n_left = max(run.n_items - n_done, 0)
    if not n_done:
        return Rest(n_left, None if n_left else 0, None if n_left else Decimal(0))
    tokens = (run.tokens_in + run.tokens_out) * n_left // n_done
    is_priced = run.machine.usd_per_million_in is not None or run.cost_usd
    cost = Decimal(run.cost_usd) * n_left / n_done if is_priced else None
    return Rest(n_left, tokens, cost)


def _fitting(
    machine: MachineAnnotator, items: Sequence[WantedItem]
) -> tuple[list[WantedItem], str]:
    """Return the items that the protocol can judge, and why the others do not fit."""
    protocol = PROTOCOLS.get(machine.protocol)
    if protocol is None:
        scored = [item for item in items if question_of(item.case) is not None]
        return scored, "" if len(scored) == len(items) else _(UNSCORED)
    fitting, why = [], ""
    for item in items:
        case = item.case
        problem = misfit(protocol, case.questions, len(case.completions))
        why = why or problem
        if not problem:
            fitting.append(item)
    return fitting, why


def _calls_per_item(machine: MachineAnnotator, items: Sequence[WantedItem]) -> float:
    protocol = PROTOCOLS.get(machine.protocol)
    if not items:
        return 0.0
    if protocol is None:
        return sum(len(one.case.completions) for one in items) / len(items)
    is_voted = protocol.kind == "pairwise"
    n_samples = int(machine.parameters.get("n_samples", 1)) if is_voted else 1
    n_orders = sum(len(orders(protocol, len(one.case.completions))) for one in items)
    return len(protocol.steps) * n_samples * n_orders / len(items)


def _measured(machine: MachineAnnotator) -> tuple[float, float] | None:
    """Return the mean tokens in and out of a call so far, by the books of its runs."""
    found = Run.objects.filter(machine=machine).aggregate(
        n=Sum("n_calls"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    if not found["n"] or not found["tokens_in"]:
        return None
    return found["tokens_in"] / found["n"], found["tokens_out"] / found["n"]


def _guessed_scores(items: Sequence[WantedItem]) -> float:
    """Return the mean tokens of a prompt with one completion."""
    texts = [
        sum(len(message.content) for message in item.case.prompt) + len(completion)
        for item in items
        for completion in item.case.completions
    ]
    return sum(texts) / len(texts) / CHARS_PER_TOKEN


def _guessed(
    machine: MachineAnnotator, items: Sequence[WantedItem]
) -> tuple[float, float]:
    protocol = PROTOCOLS.get(machine.protocol)
    if not items:
        return 0.0, 0.0
    if protocol is None:
        return _guessed_scores(items), 0.0
    n_chars, n_asked = 0, 0
    for item in items:
        order = tuple(range(len(item.case.completions)))
        replies: tuple[str, ...] = ()
        for step in protocol.steps:
            prompt = step.build(item.case, order, replies)
            n_chars += sum(len(message.content) for message in prompt.messages)
            n_asked += 1
            replies = (*replies, FILLERS.get(step.name, FILLER))
    most = machine.parameters.get("max_tokens", TOKENS_OF_ANSWER)
    tokens_in = n_chars / n_asked / CHARS_PER_TOKEN if n_asked else 0.0
    return tokens_in, float(min(most, TOKENS_OF_ANSWER))
