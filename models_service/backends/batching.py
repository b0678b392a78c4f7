"""PURE: calls in batches: of like length, in bounded memory, smaller where that fails.

What a batch does with its calls is told by a function; nothing here knows of torch.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from annotation.words import gettext as _
from models_service.backends.base import Ask, Failure, Reply

# So many batches are read ahead and sorted by length.
WINDOW = 4


@dataclass(frozen=True)
class Encoded:
    """A call as the model takes it.

    `n_new`: the most tokens that may come after `ids`; `n_least`: for so many of them
    there must be room.
    """

    ask: Ask
    ids: tuple[int, ...]
    n_new: int = 0
    n_least: int = 0

    @property
    def n_tokens(self) -> int:
        """Return the most tokens that this call can hold."""
        return len(self.ids) + self.n_new


@dataclass
class Batcher:
    """Runs calls in batches.

    `encode` makes a call ready, or says why it cannot be asked; `run` answers a batch,
    in its order; `is_memory` tells an error of too little memory from others. `size`
    and `budget` bound the calls of a batch and its tokens, padding included. The budget
    is halved where memory was too little, and stays so while this object lives.
    """

    encode: Callable[[Ask], Encoded | Failure]
    run: Callable[[Sequence[Encoded]], Sequence[Reply]]
    is_memory: Callable[[BaseException], bool]
    size: int
    budget: int
    free: Callable[[], None] = field(default=lambda: None)

    def ask_all(self, asks: Iterable[Ask]) -> Iterator[Reply | Failure]:
        """Yield what each call brought, as batches end."""
        waiting = iter(asks)
        while window := list(islice(waiting, self.size * WINDOW)):
            ready = []
            for ask in window:
                made = self.encode(ask)
                if isinstance(made, Failure):
                    yield made
                else:
                    ready.append(made)
            # The longest first: where memory is too little, that shows at once.
            ready.sort(key=lambda one: -one.n_tokens)
            while ready:
                n = self._n_first(ready)
                yield from self._answer(ready[:n])
                ready = ready[n:]

    def _n_first(self, ready: Sequence[Encoded]) -> int:
        """Return how many of the first calls, the longest in front, make one batch."""
        room = self.budget // max(ready[0].n_tokens, 1)
        return max(1, min(self.size, room))

    def _answer(self, batch: Sequence[Encoded]) -> Iterator[Reply | Failure]:
        began = time.monotonic()
        try:
            replies: Sequence[Reply] | None = self.run(batch)
        except (RuntimeError, MemoryError) as error:
            if not self.is_memory(error):
                raise
            # Beyond this block, so that what the error holds of the batch is gone.
            replies = None
        if replies is not None:
            took = round((time.monotonic() - began) * 1000)
            yield from (replace(reply, latency_ms=took) for reply in replies)
            return
        self.free()
        if len(batch) == 1:
            yield _out_of_memory(batch[0])
            return
        self.budget = max(1, max(one.n_tokens for one in batch) * len(batch) // 2)
        half = (len(batch) + 1) // 2
        yield from self._answer(batch[:half])
        yield from self._answer(batch[half:])


def _out_of_memory(one: Encoded) -> Failure:
    text = _(
        "The memory of the worker is too small for this item: it has {n:,} tokens. "
        "Take a smaller model, or a worker with more memory."
    )
    return Failure(one.ask.key, "failed", "out_of_memory", text.format(n=one.n_tokens))


def too_long(ask: Ask, n_tokens: int, n_most: int) -> Failure:
    """Return the failure of a call that is longer than the model reads."""
    text = _(
        "This item has {n:,} tokens with what is asked about it, and the model reads "
        "{most:,}. Nothing was cut off; take a model that reads more."
    )
    return Failure(ask.key, "failed", "too_long", text.format(n=n_tokens, most=n_most))
