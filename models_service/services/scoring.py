"""Let a reward model score every completion of a batch of items, and compare them.

A completion is scored by itself, so there is no order to ask in. The scores of one item
become a comparison or a ranking; a rating is never made of them, since a score has no
place on a scale of marks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from annotation.models import MachineAnnotator
from models_service.backends.base import Ask, ChatMessage, Failure, Generator, Reply
from models_service.combining import Combined
from models_service.prompts import BuiltPrompt
from models_service.scores import question_of, verdict_of_scores
from models_service.selectors.wanted import WantedItem
from models_service.services.books import Books
from models_service.services.calls import (
    Came,
    Place,
    build_ask,
    call_key,
    kept,
)
from models_service.services.judging import FLUSH, FLUSH_S, FatalError, Judged


@dataclass(frozen=True)
class _Call:
    """One completion of one item, to be scored."""

    item: WantedItem
    index: int

    @property
    def place(self) -> Place:
        return Place(self.item.id, (self.index,), 0, 0)

    @property
    def prompt(self) -> BuiltPrompt:
        """Return the conversation that ends with the completion."""
        case = self.item.case
        text = case.completions[self.index]
        told = (*case.prompt, ChatMessage("assistant", text))
        return BuiltPrompt(told, schema=None, wants_logprobs=False, max_tokens=0)


class Scoring:
    """A reward model at work, with the same face as `judging.Judge`."""

    def __init__(
        self,
        machine: MachineAnnotator,
        backend: Generator,
        books: Books,
        renewed_since: datetime | None = None,
    ) -> None:
        self.machine, self.backend, self.books = machine, backend, books
        self.renewed_since = renewed_since
        self.n_cached = 0

    def judge(self, items: Sequence[WantedItem]) -> list[Judged]:
        """Score what is not known yet, and return one verdict for each item.

        Items that no question of the project compares are left out. Raises FatalError
        where the backend says that nothing can succeed.
        """
        calls = {
            call_key(self.machine, call.prompt, call.place): call
            for call in self._calls(items)
        }
        known = kept(calls, self.renewed_since)
        self.n_cached += len(known)
        outcomes = {key: came.outcome for key, came in known.items()}
        outcomes |= self._ask({k: v for k, v in calls.items() if k not in known})
        by_item: dict[int, dict[int, Reply | Failure]] = defaultdict(dict)
        for key, call in calls.items():
            by_item[call.item.id][call.index] = outcomes[key]
        return [
            Judged(item, self._verdict(item, by_item[item.id]))
            for item in items
            if item.id in by_item
        ]

    def _calls(self, items: Iterable[WantedItem]) -> list[_Call]:
        return [
            _Call(item, index)
            for item in items
            if question_of(item.case) is not None
            for index in range(len(item.case.completions))
        ]

    def _ask(self, calls: Mapping[str, _Call]) -> dict[str, Reply | Failure]:
        asks = [
            build_ask(self.machine, call.prompt, call.place, key)
            for key, call in calls.items()
        ]
        with self.books.held(asks):
            found, fatal = self._receive(asks, calls)
        if fatal:
            raise FatalError(fatal)
        return found

    def _receive(
        self, asks: Sequence[Ask], calls: Mapping[str, _Call]
    ) -> tuple[dict[str, Reply | Failure], str]:
        """Take in what comes back, and store it; tell why nothing more can come."""
        found: dict[str, Reply | Failure] = {}
        buffer: list[Came] = []
        fatal, stored_at = "", monotonic()
        with closing(self.backend.ask_all(asks)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Failure) and outcome.is_fatal:
                    fatal = fatal or outcome.message
                    continue
                found[outcome.key] = outcome
                buffer.append(_came(calls[outcome.key].place, outcome))
                if len(buffer) >= FLUSH or monotonic() - stored_at > FLUSH_S:
                    self.books.store(buffer)
                    buffer, stored_at = [], monotonic()
        if buffer:
            self.books.store(buffer)
        return found, fatal

    def _verdict(
        self, item: WantedItem, outcomes: Mapping[int, Reply | Failure]
    ) -> Combined:
        question = question_of(item.case)
        if question is None:
            raise ValueError("no question compares this item")
        for outcome in outcomes.values():
            if isinstance(outcome, Failure):
                return Combined(outcome.status, outcome.message, question)
        texts = [outcomes[index] for index in sorted(outcomes)]
        scores = [float(one.text) for one in texts if isinstance(one, Reply)]
        given = self.machine.parameters
        return verdict_of_scores(
            question, scores, given.get("scale", 1.0), given.get("tie_band", 0.0)
        )


def _came(place: Place, outcome: Reply | Failure) -> Came:
    if isinstance(outcome, Failure):
        return Came(place, outcome, outcome.status, error=outcome.message)
    return Came(place, outcome, "ok")
