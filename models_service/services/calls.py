"""Keep what was asked of a model and what it said, and find it again.

Calls are stored as they come back, in statements of their own: a worker that is killed
loses the answers that are on their way, and none that it had.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from annotation.models import MachineAnnotator
from models_service.backends.base import Ask, Failure, Reply
from models_service.models import Call
from models_service.prompts import BuiltPrompt

MILLION = Decimal(1_000_000)
MOST_CHARS_OF_ERROR = 500


@dataclass(frozen=True)
class Place:
    """Where in a run a call belongs: its item, the order shown, step and sample."""

    item_id: int
    order: tuple[int, ...]
    step: int
    sample: int


def call_key(machine: MachineAnnotator, prompt: BuiltPrompt, place: Place) -> str:
    """Return the name of a call: equal only where the answer would be the same one.

    The prompt holds the texts in their order and what was said before; the machine's
    version stands for the model and its parameters.
    """
    told = [
        str(machine.public_id),
        machine.prompt_sha256,
        place.item_id,
        place.order,
        place.step,
        place.sample,
        asdict(prompt),
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def build_ask(
    machine: MachineAnnotator, prompt: BuiltPrompt, place: Place, key: str
) -> Ask:
    """Return the call to a backend, with what the machine annotator adds to it."""
    given = machine.parameters
    seed = given.get("seed")
    return Ask(
        key=key,
        messages=prompt.messages,
        # The owner's number, since a model that thinks needs more than its verdict.
        max_tokens=given.get("max_tokens", prompt.max_tokens),
        temperature=given.get("temperature", 0.0),
        # Else every sample of one call would be the same.
        seed=None if seed is None else seed + place.sample,
        schema=prompt.schema,
        wants_logprobs=prompt.wants_logprobs,
    )


def cost(machine: MachineAnnotator, tokens_in: int, tokens_out: int) -> Decimal:
    """Return US dollars; 0 where no price is known."""
    price_in = machine.usd_per_million_in or Decimal(0)
    price_out = machine.usd_per_million_out or Decimal(0)
    return (price_in * tokens_in + price_out * tokens_out) / MILLION


def most_cost(machine: MachineAnnotator, ask: Ask) -> Decimal:
    """Return what a call can cost at most: a token for each byte, and all it may say.

    No tokenizer makes more tokens than bytes; the frame of a chat adds a few.
    """
    n_bytes = sum(len(message.content.encode()) for message in ask.messages)
    frame = 16 * (len(ask.messages) + 1)
    return cost(machine, n_bytes + frame, ask.max_tokens)


def spent_on(
    machine: MachineAnnotator, outcome: Reply | Failure, bound: Decimal | None
) -> Decimal:
    """Return what a call cost; its bound for a reply that tells no tokens."""
    is_told = outcome.tokens_in or outcome.tokens_out
    if isinstance(outcome, Reply) and not is_told and bound is not None:
        return bound
    return cost(machine, outcome.tokens_in, outcome.tokens_out)


@dataclass(frozen=True)
class Came:
    """What a call brought: `status` is that of the reading, `logit` that of its letter.

    The tokens of a reply are thousands of numbers; what they say is the logit, so that
    alone is kept.
    """

    place: Place
    outcome: Reply | Failure
    status: str
    logit: float | None = None
    error: str = ""


def kept(keys: Collection[str], renewed_since: datetime | None) -> dict[str, Came]:
    """Return the answers there are, by key; one query.

    What failed is asked again, and so is what was refused or could not be read before
    `renewed_since`.
    """
    found = Call.objects.filter(cache_key__in=keys).exclude(status="failed")
    if renewed_since is not None:
        found = found.filter(Q(status="ok") | Q(created_at__gte=renewed_since))
    return {call.cache_key: _came(call) for call in found}


def _came(call: Call) -> Came:
    place = Place(call.item_id, tuple(call.order), call.step, call.sample)
    outcome: Reply | Failure = Reply(
        key=call.cache_key,
        text=call.text,
        finish_reason=call.finish_reason,
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        latency_ms=call.latency_ms,
        n_attempts=call.n_attempts,
    )
    if call.error_code:
        outcome = Failure(call.cache_key, "refused", call.error_code, call.error)
    return Came(place, outcome, call.status, call.logit, call.error)


def store_calls(
    machine: MachineAnnotator, came: Iterable[Came], bounds: Mapping[str, Decimal]
) -> Decimal:
    """Store what came back, and return what it cost; one statement.

    A call that failed before is replaced. `bounds`: the most that each call can cost,
    by its key. That is booked for a reply of which the server tells no tokens.
    """
    rows = [_row(machine, one, bounds) for one in came]
    Call.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["cache_key"],
        update_fields=_WRITTEN,
    )
    return sum((row.cost_usd for row in rows), Decimal(0))


_WRITTEN = (
    "created_at",
    "status",
    "text",
    "finish_reason",
    "logit",
    "error",
    "error_code",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "latency_ms",
    "n_attempts",
)


def _row(machine: MachineAnnotator, came: Came, bounds: Mapping[str, Decimal]) -> Call:
    place, outcome = came.place, came.outcome
    spent = spent_on(machine, outcome, bounds.get(outcome.key))
    said = {"text": "", "finish_reason": "", "error_code": ""}
    if isinstance(outcome, Reply):
        said |= {"text": outcome.text, "finish_reason": outcome.finish_reason[:40]}
    else:
        said |= {"error_code": outcome.code[:40]}
    return Call(
        machine=machine,
        item_id=place.item_id,
        cache_key=outcome.key,
        order=list(place.order),
        step=place.step,
        sample=place.sample,
        status=came.status,
        logit=came.logit,
        error=came.error[:MOST_CHARS_OF_ERROR],
        tokens_in=outcome.tokens_in,
        tokens_out=outcome.tokens_out,
        cost_usd=spent,
        latency_ms=outcome.latency_ms,
        n_attempts=min(outcome.n_attempts, 32_767),
        **said,
    )
