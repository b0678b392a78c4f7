"""PURE: what all backends share that run a model in this process."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from annotation.words import gettext as _
from models_service.backends import loading
from models_service.backends.base import Ask, ChatMessage, Failure, Reply
from models_service.backends.batching import Batcher, Encoded, too_long
from models_service.backends.chat import Chat
from models_service.backends.loading import Kind, LocalSettings, ModelError

# Calls in a batch, and tokens in one with their padding, at first.
SIZES = {"cuda": 64, "cpu": 8}
BUDGETS = {"cuda": 65_536, "cpu": 8_192}


class LocalModel(ABC):
    """A model held in this process and asked in batches; a `Generator` of base.py.

    Raises ModelError where the model cannot be had. Closing lets go of it; it stays
    loaded until another one needs its memory.
    """

    kind: Kind = "causal"
    sizes: ClassVar[dict[str, int]] = SIZES

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self._key, loaded = loading.hold(self.kind, settings)
        self._is_held = True
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.device, self.dtype = loaded.device, loaded.dtype
        try:
            self.chat = Chat(self.tokenizer)
        except ModelError:
            self.close()
            raise
        usual = self.sizes.get(self.device, self.sizes["cuda"])
        self.batcher = Batcher(
            encode=self._encode,
            run=lambda batch: self.run(batch),
            is_memory=loading.is_out_of_memory,
            size=settings.batch_size or usual,
            budget=settings.batch_tokens or BUDGETS.get(self.device, BUDGETS["cuda"]),
            free=loading.shared().free,
        )

    def ask_all(self, asks: Iterable[Ask]) -> Generator[Reply | Failure]:
        """Yield what each call brought, as batches end."""
        yield from self.batcher.ask_all(asks)

    @abstractmethod
    def encode(self, ask: Ask) -> Encoded:
        """Make a call ready; raises ModelError where it cannot be asked."""

    @abstractmethod
    def run(self, batch: Sequence[Encoded]) -> list[Reply]:
        """Answer a batch, in its order."""

    def _encode(self, ask: Ask) -> Encoded | Failure:
        try:
            made = self.encode(ask)
        except ModelError as error:
            return Failure(ask.key, "failed", "template", str(error))
        most = self.context
        n_room = len(made.ids) + made.n_least
        if most is not None and n_room > most:
            return too_long(ask, n_room, most)
        return made

    @property
    def context(self) -> int | None:
        """Return how many tokens the model reads; None = it sets no bound."""
        config: Any = self.model.config.get_text_config()
        found = getattr(config, "max_position_embeddings", None)
        return int(found) if found and found > 0 else None

    def check(self) -> tuple[str, ...]:
        """Return in sentences how the model runs here, and what to know of it."""
        text = _("It runs on {device} in {dtype} and reads {n} tokens at once.")
        n = f"{self.context:,}" if self.context else _("any number of")
        told = text.format(device=self.device.upper(), dtype=self.dtype, n=n)
        return (told, *self.chat.notes())

    def close(self) -> None:
        """Let go of the model."""
        if self._is_held:
            self._is_held = False
            loading.shared().release(self._key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ScoringModel(LocalModel):
    """A model that gives one number to the last message of a conversation.

    The text of its reply is the number. Higher is better; the numbers of one
    conversation can be compared, those of two cannot.
    """

    def score(self, pairs: Sequence[tuple[Sequence[ChatMessage], str]]) -> list[float]:
        """Return the scores of completions, each with the prompt that it answers.

        Raises
        ------
        ModelError
            If one of them cannot be scored.
        """
        asks = [
            Ask(str(at), (*prompt, ChatMessage("assistant", text)))
            for at, (prompt, text) in enumerate(pairs)
        ]
        found = [0.0] * len(asks)
        for outcome in self.ask_all(asks):
            if isinstance(outcome, Failure):
                raise ModelError(outcome.message)
            found[int(outcome.key)] = float(outcome.text)
        return found


def scored(one: Encoded, score: float) -> Reply:
    """Return the reply that tells a score, with all its digits."""
    return Reply(one.ask.key, repr(float(score)), "stop", len(one.ids), 0, 0)
