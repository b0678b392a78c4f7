"""PURE: how good an answer is, by what a user would likely say next (FLR)."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models_service.backends import decoding
from models_service.backends.base import Ask, ChatMessage, Reply
from models_service.backends.batching import Encoded
from models_service.backends.follow_up_texts import FOLLOW_UPS, FollowUps
from models_service.backends.local import ScoringModel, scored

Conversation = Sequence[ChatMessage]
# Two words that have no token in common, to find where a follow-up begins.
_MARKS = ("A", "9")
_SHORT = (ChatMessage("user", "Hello"), ChatMessage("assistant", "Hello"))


class FollowUpModel(ScoringModel):
    """Scores a completion by the likelihood of follow-ups, with a causal model.

    The score is the mean over categories of the mean log-probability of a token of the
    positive follow-ups less that of the negative ones. The conversation is read once
    for all of them.
    """

    follow_ups: Mapping[str, FollowUps] = FOLLOW_UPS
    # The follow-ups of one completion fill a batch.
    sizes: ClassVar[dict[str, int]] = {"cuda": 1, "cpu": 1}

    def encode(self, ask: Ask) -> Encoded:
        """Make a conversation ready whose last message is the completion."""
        ids = self._before_user(ask.messages)
        longest = max(map(len, self._texts))
        return Encoded(ask, ids, longest, n_least=longest)

    def run(self, batch: Sequence[Encoded]) -> list[Reply]:
        """Score a batch, one completion after the other."""
        return [scored(one, self._score(one.ids)) for one in batch]

    def _score(self, prefix: Sequence[int]) -> float:
        """Score one completion; fewer follow-ups at once where memory is short."""
        longest = len(prefix) + max(map(len, self._texts))
        n_together = min(len(self._texts), max(1, self.batcher.budget // longest))
        while True:
            try:
                means = decoding.mean_logprobs(
                    self.model, prefix, self._texts, self.device, n_together=n_together
                )
                break
            except RuntimeError as error:
                if n_together == 1 or not self.batcher.is_memory(error):
                    raise
            self.batcher.free()
            n_together //= 2
            self.batcher.budget = n_together * longest
        return reward(means, [len(one.positive) for one in self._categories])

    @cached_property
    def _categories(self) -> list[FollowUps]:
        return list(self.follow_ups.values())

    @cached_property
    def _texts(self) -> list[tuple[int, ...]]:
        """Return the tokens of all follow-ups, as the template writes them."""
        told = chain.from_iterable(
            (*one.positive, *one.negative) for one in self._categories
        )
        before, after = self._around(_SHORT)
        return [self._between(text, before, after) for text in told]

    def _between(self, text: str, before: int, after: int) -> tuple[int, ...]:
        whole = self._with_user(_SHORT, text)
        return whole[before : len(whole) - after]

    def _before_user(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the tokens up to where the next message of the user begins."""
        before, _after = self._around(conversation)
        return self._with_user(conversation, _MARKS[0])[:before]

    def _around(self, conversation: Conversation) -> tuple[int, int]:
        """Return how many tokens stand before a follow-up, and how many after it."""
        one, other = (self._with_user(conversation, mark) for mark in _MARKS)
        return n_common(one, other), n_common(one[::-1], other[::-1])

    def _with_user(self, conversation: Conversation, text: str) -> tuple[int, ...]:
        told = (*conversation, ChatMessage("user", text))
        return self.chat.ids(told, opens_reply=False)


def reward(means: NDArray[np.float64], n_positive: Sequence[int]) -> float:
    """Return the mean over categories of positive less negative follow-ups.

    Parameters
    ----------
    means : float64, shape [n_follow_ups]
        Mean log-probability of a token of each follow-up, in nats: category after
        category, the positive ones first, as many negative ones after them.
    n_positive : int, shape [n_categories]
        Positive follow-ups in each category.
    """
    found, start = [], 0
    for n in n_positive:
        positive, negative = means[start : start + n], means[start + n : start + 2 * n]
        found.append(float(positive.mean() - negative.mean()))
        start += 2 * n
    return float(np.mean(found))


def n_common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return with how many equal tokens two rows begin."""
    pairs = enumerate(zip(one, other, strict=False))
    unequal = (at for at, (left, right) in pairs if left != right)
    return next(unequal, min(len(one), len(other)))
