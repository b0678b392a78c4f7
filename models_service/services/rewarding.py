"""Let the project's own reward model answer a batch of items.

It has the face of `judging.Judge`: a run asks it in the same way. A completion is
rewarded by itself, so there is no order to ask in, no call to keep, and no price.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property

from annotation.models import MachineAnnotator
from models_service.backends.embeddings import Encoder, load_encoder
from models_service.models import Head
from models_service.scores import question_of, verdict_of_scores
from models_service.selectors.labelled_pairs import TextItem, prompt_as_read
from models_service.selectors.wanted import WantedItem
from models_service.services.judging import Judged
from models_service.services.reward_models import ItemReward, reward_items
from models_service.services.training import head_of


class Rewarding:
    """A head at work. What it says is made of its members' mean; `spread` is theirs."""

    def __init__(self, machine: MachineAnnotator) -> None:
        self.machine = machine
        self.n_cached = 0

    @cached_property
    def head(self) -> Head:
        """Return the weights, read once."""
        return head_of(self.machine)

    @cached_property
    def encoder(self) -> Encoder:
        """Return the encoder, loaded once for a run."""
        return load_encoder(self.head.source).encoder

    def judge(self, items: Sequence[WantedItem]) -> list[Judged]:
        """Return one verdict for each item that a question compares."""
        asked = [item for item in items if question_of(item.case) is not None]
        texts = [
            TextItem(
                id=str(item.id),
                prompt=prompt_as_read(
                    [asdict(message) for message in item.case.prompt]
                ),
                completions=item.case.completions,
            )
            for item in asked
        ]
        found = reward_items(self.head, texts, encoder=self.encoder)
        return [
            self._judged(item, reward)
            for item, reward in zip(asked, found, strict=True)
        ]

    def _judged(self, item: WantedItem, reward: ItemReward) -> Judged:
        question = question_of(item.case)
        if question is None:
            raise ValueError("no question compares this item")
        # The weights are calibrated already: a difference is in log-odds.
        told = verdict_of_scores(question, reward.rewards, 1.0, 0.0, reward.sd)
        return Judged(item, replace(told, spread=reward.sd))
