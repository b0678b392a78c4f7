"""PURE: a causal language model that runs in this process, asked in batches."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.words import gettext as _
from models_service.backends import decoding
from models_service.backends.base import Ask, Reply, TokenProbability
from models_service.backends.batching import Encoded
from models_service.backends.decoding import Chosen, Said, Wish
from models_service.backends.loading import LocalSettings, ModelError
from models_service.backends.local import LocalModel
from models_service.letters import letter_of

LETTERS = ("A", "B")
# How a reply in letters begins and ends; between them stands the letter.
BEGINS = '{"verdict": "'
ENDS = '", "strength": 1, "reason": ""}'
_BROKEN = "\ufffd"


class LanguageModel(LocalModel):
    """Generates replies; or, in the mode `letters`, reads verdicts off one pass.

    In that mode a call whose schema has a verdict of A or B gets a reply in the agreed
    form with the likelier letter, strength 1 and no reason; its tokens carry the
    probabilities of both letters, each summed over all ways of writing it. Other calls
    are generated.
    """

    def __init__(self, settings: LocalSettings) -> None:
        super().__init__(settings)
        if settings.mode == "letters" and not all(self._ways.values()):
            self.close()
            text = _("The model {name!r} has no token for the letters A and B.")
            raise ModelError(text.format(name=settings.model))

    def encode(self, ask: Ask) -> Encoded:
        """Make a call ready: its tokens, and how many a reply may have."""
        ids = self.chat.ids(ask.messages)
        if self._by_letters(ask):
            return Encoded(ask, ids + self._begins)
        n_most = ask.max_tokens
        if self.context is not None:
            n_most = max(1, min(n_most, self.context - len(ids)))
        return Encoded(ask, ids, n_most, n_least=1)

    def run(self, batch: Sequence[Encoded]) -> list[Reply]:
        """Answer a batch: by letters those that are asked so, the others in words."""
        letters = [one for one in batch if not one.n_new]
        words = [one for one in batch if one.n_new]
        replies = {
            **(self._run_letters(letters) if letters else {}),
            **(self._run_words(words) if words else {}),
        }
        return [replies[one.ask.key] for one in batch]

    # --- in words -------------------------------------------------------------------

    def _run_words(self, batch: Sequence[Encoded]) -> dict[str, Reply]:
        wishes = [
            Wish(one.ids, one.n_new, one.ask.temperature, seed_of(one.ask))
            for one in batch
        ]
        said = decoding.generate(self.model, wishes, self._ends, self.device)
        return {
            one.ask.key: self._reply(one, reply)
            for one, reply in zip(batch, said, strict=True)
        }

    def _reply(self, one: Encoded, said: Said) -> Reply:
        ids = [token.id for token in said.tokens]
        told: tuple[TokenProbability, ...] = ()
        if one.ask.wants_logprobs:
            parts = pieces(self._decode, ids)
            told = tuple(map(self._told, parts, said.tokens))
        return Reply(
            key=one.ask.key,
            text=self._decode(ids),
            finish_reason="stop" if said.is_ended else "length",
            tokens_in=len(one.ids),
            tokens_out=len(ids),
            latency_ms=0,
            tokens=told,
        )

    def _told(self, text: str, token: Chosen) -> TokenProbability:
        """Return a token with what else could stand there, each text named once."""
        top: dict[str, float] = {}
        for id_, logprob in token.top:
            other = text if id_ == token.id else self._text_of(id_)
            top[other] = float(np.logaddexp(top.get(other, -np.inf), logprob))
        return TokenProbability(text, token.logprob, tuple(top.items()))

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _text_of(self, id_: int) -> str:
        if id_ not in self._texts:
            self._texts[id_] = self._decode([id_])
        return self._texts[id_]

    @cached_property
    def _texts(self) -> dict[int, str]:
        return {}

    @cached_property
    def _ends(self) -> frozenset[int]:
        config = getattr(self.model, "generation_config", None)
        told = getattr(config, "eos_token_id", None)
        several = told if isinstance(told, list) else [told]
        known = {*several, self.tokenizer.eos_token_id}
        return frozenset(id_ for id_ in known if id_ is not None)

    # --- by letters -------------------------------------------------------------------

    def _by_letters(self, ask: Ask) -> bool:
        return self.settings.mode == "letters" and asks_for_letter(ask.schema)

    def _run_letters(self, batch: Sequence[Encoded]) -> dict[str, Reply]:
        ways = [self._ways[letter] for letter in LETTERS]
        logprobs = self.score_choices([one.ids for one in batch], sum(ways, ()))
        return {
            one.ask.key: self._letter_reply(one, row)
            for one, row in zip(batch, logprobs, strict=True)
        }

    def _letter_reply(self, one: Encoded, logprobs: NDArray[np.float32]) -> Reply:
        n_first = len(self._ways[LETTERS[0]])
        parts = (logprobs[:n_first], logprobs[n_first:])
        top = [
            (letter, float(np.logaddexp.reduce(part.astype(np.float64))))
            for letter, part in zip(LETTERS, parts, strict=True)
        ]
        letter, logprob = max(top, key=lambda pair: pair[1])
        told = (
            TokenProbability(BEGINS, 0.0),
            TokenProbability(letter, logprob, tuple(top)),
            TokenProbability(ENDS, 0.0),
        )
        return Reply(
            key=one.ask.key,
            text=f"{BEGINS}{letter}{ENDS}",
            finish_reason="stop",
            tokens_in=len(one.ids),
            tokens_out=1,
            latency_ms=0,
            tokens=told,
        )

    def score_choices(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[int]
    ) -> NDArray[np.float32]:
        """Return the log-probability of each of some tokens, without generating.

        Parameters
        ----------
        prompts : int, ragged [n_prompts][n_tokens]
        choices : int, shape [n_choices]
            Ids of tokens.

        Returns
        -------
        float32, shape [n_prompts, n_choices]
        """
        found = decoding.next_logprobs(self.model, prompts, self.device)
        return found[:, list(choices)]

    @cached_property
    def _begins(self) -> tuple[int, ...]:
        return self.chat.text_ids(BEGINS)

    @cached_property
    def _ways(self) -> Mapping[str, tuple[int, ...]]:
        """Return the tokens with which a letter can begin."""
        n_tokens = min(len(self.tokenizer), self.model.config.vocab_size)
        found: dict[str, list[int]] = {letter: [] for letter in LETTERS}
        for id_ in range(n_tokens):
            letter = letter_of(self._decode([id_]))
            if letter in found:
                found[letter].append(id_)
        return {letter: tuple(ids) for letter, ids in found.items()}


def asks_for_letter(schema: Mapping[str, Any] | None) -> bool:
    """Tell whether a call wants a verdict that letters can give."""
    fields = (schema or {}).get("properties", {})
    offered = fields.get("verdict", {}).get("enum", ())
    return set(LETTERS) <= set(offered) and {"strength", "reason"} <= set(fields)


def seed_of(ask: Ask) -> int:
    """Return what a call draws by: its seed and key, so that it is the same again."""
    told = json.dumps([ask.seed, ask.key]).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8])


def pieces(decode: Callable[[Sequence[int]], str], ids: Sequence[int]) -> list[str]:
    """Return the text that each token adds, so that all together are the whole text.

    A token is read beside those before it, since alone it may lose a space. Tokens in
    the middle of a character add nothing; the one that completes it adds it.
    """
    found = []
    start = done = 0
    for end in range(1, len(ids) + 1):
        before, now = decode(ids[start:done]), decode(ids[start:end])
        if now.endswith(_BROKEN) and end < len(ids):
            found.append("")
            continue
        found.append(now[len(before) :])
        start, done = done, end
    return found
