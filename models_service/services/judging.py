"""Ask a judge about a batch of items in every order, and combine what it said.

Each item is shown in each order, as often as the machine annotator samples, and every
such case goes through the steps of its protocol. A round asks the next step of all
cases at once, so that the model is kept busy.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from annotation.models import MachineAnnotator
from models_service.backends.base import Ask, Failure, Generator, Reply
from models_service.combining import Combined, combine
from models_service.prompts import PROTOCOLS, State, follow, misfit, orders, start
from models_service.selectors.wanted import WantedItem
from models_service.services.books import Books
from models_service.services.calls import (
    Came,
    Place,
    build_ask,
    call_key,
    kept,
)
from models_service.verdicts import OrderVerdict, read_final, vote

# So many answers are stored together: what a killed worker can lose is less than that
# and what is on its way.
FLUSH = 16
FLUSH_S = 5.0


class FatalError(Exception):
    """No call can succeed until somebody mends this; its text says what."""


@dataclass
class _Thread:
    """One case in one order and one sample, on its way through the protocol."""

    item: WantedItem
    state: State
    sample: int
    verdict: OrderVerdict | None = None
    logit: float | None = None

    def place(self) -> Place:
        return Place(
            self.item.id, self.state.order, len(self.state.replies), self.sample
        )


@dataclass(frozen=True)
class Judged:
    """What came of an item, and how many calls of it had been made before."""

    item: WantedItem
    combined: Combined


class Judge:
    """A machine annotator that is asked about items through a generating backend.

    `books` are told what calls can cost before they are made, and what came back, again
    and again, as it comes.
    """

    def __init__(
        self,
        machine: MachineAnnotator,
        backend: Generator,
        books: Books,
        renewed_since: datetime | None = None,
    ) -> None:
        self.machine, self.backend, self.books = machine, backend, books
        self.renewed_since = renewed_since
        self.protocol = PROTOCOLS[machine.protocol]
        self.n_cached = 0

    def threads(self, items: Iterable[WantedItem]) -> list[_Thread]:
        """Return all that is to be asked about these items."""
        # Only verdicts on two answers can be put to the vote.
        is_voted = self.protocol.kind == "pairwise"
        n_samples = self.machine.parameters.get("n_samples", 1) if is_voted else 1
        return [
            _Thread(item, start(self.protocol, item.case, order), sample)
            for item in items
            if not misfit(
                self.protocol, item.case.questions, len(item.case.completions)
            )
            for order in orders(self.protocol, len(item.case.completions))
            for sample in range(n_samples)
        ]

    def judge(self, items: Sequence[WantedItem]) -> list[Judged]:
        """Ask what is not known yet, and return one verdict for each item.

        Raises FatalError where the backend says that nothing can succeed, and
        BudgetSpentError where there is no money for the next step; what came until
        then is kept.
        """
        threads = self.threads(items)
        waiting = threads
        while waiting:
            self._round(waiting)
            waiting = [thread for thread in waiting if thread.verdict is None]
        return self._combined(items, threads)

    # --- one step of all cases ----------------------------------------------------

    def _round(self, threads: Sequence[_Thread]) -> None:
        by_key: dict[str, _Thread] = {}
        asks: dict[str, Ask] = {}
        for thread in threads:
            ask, key = self._ask(thread)
            by_key[key], asks[key] = thread, ask
        known = kept(by_key, self.renewed_since)
        self.n_cached += len(known)
        for key, came in known.items():
            self._go_on(by_key[key], came.outcome, came.logit)
        missing = [ask for key, ask in asks.items() if key not in known]
        with self.books.held(missing):
            fatal = self._receive(missing, by_key)
        if fatal:
            raise FatalError(fatal)

    def _receive(self, missing: Sequence[Ask], by_key: Mapping[str, _Thread]) -> str:
        """Take in what comes back, and store it; return why nothing more can come."""
        fatal, buffer, stored_at = "", [], monotonic()
        # Closed at once where the store stops the run, so that no call goes on unseen.
        with closing(self.backend.ask_all(missing)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Failure) and outcome.is_fatal:
                    fatal = fatal or outcome.message
                    continue
                thread = by_key[outcome.key]
                place = thread.place()
                self._go_on(thread, outcome, None)
                buffer.append(_came(place, outcome, thread))
                if len(buffer) >= FLUSH or monotonic() - stored_at > FLUSH_S:
                    self.books.store(buffer)
                    buffer, stored_at = [], monotonic()
        if buffer:
            self.books.store(buffer)
        return fatal

    def _ask(self, thread: _Thread) -> tuple[Ask, str]:
        prompt, place = thread.state.prompt, thread.place()
        if prompt is None:
            raise ValueError("nothing is left to ask")
        key = call_key(self.machine, prompt, place)
        return build_ask(self.machine, prompt, place, key), key

    def _go_on(
        self, thread: _Thread, outcome: Reply | Failure, logit: float | None
    ) -> None:
        """Follow the protocol with what came back; a last reply is read."""
        if isinstance(outcome, Reply):
            thread.state = follow(thread.state, outcome.text)
            if not thread.state.is_final:
                return
        verdict = read_final(thread.state, outcome)
        if logit is not None and verdict.status == "ok":
            verdict = replace(verdict, logit=logit, logit_from="tokens")
        thread.verdict = verdict

    # --- one verdict of all calls ---------------------------------------------------

    def _combined(
        self, items: Sequence[WantedItem], threads: Sequence[_Thread]
    ) -> list[Judged]:
        found: dict[int, dict[tuple[int, ...], list[OrderVerdict]]] = defaultdict(dict)
        for thread in threads:
            if thread.verdict is not None:
                of_item = found[thread.item.id]
                of_item.setdefault(thread.state.order, []).append(thread.verdict)
        return [
            Judged(item, self._of_item(list(found[item.id].values())))
            for item in items
            if item.id in found
        ]

    def _of_item(self, samples: Sequence[Sequence[OrderVerdict]]) -> Combined:
        both = [self._vote(of_order) for of_order in samples]
        return combine(
            both[0],
            both[1] if len(both) > 1 else None,
            tie_band=self.machine.parameters.get("tie_band", 0.0),
        )

    def _vote(self, samples: Sequence[OrderVerdict]) -> OrderVerdict:
        return vote(samples) if self.protocol.kind == "pairwise" else samples[0]


def _came(place: Place, outcome: Reply | Failure, thread: _Thread) -> Came:
    verdict = thread.verdict
    if verdict is None:
        return Came(place, outcome, "ok")
    is_read = verdict.logit_from == "tokens"
    logit = verdict.logit if is_read else None
    return Came(place, outcome, verdict.status, logit, verdict.reason)
