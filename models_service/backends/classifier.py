"""PURE: a reward model: a sequence classifier with one label, asked in batches."""

from collections.abc import Sequence
from typing import Any

from annotation.words import gettext as _
from models_service.backends.base import Ask, Reply
from models_service.backends.batching import Encoded
from models_service.backends.decoding import padded
from models_service.backends.loading import Kind, LocalSettings, ModelError
from models_service.backends.local import ScoringModel, scored


class Classifier(ScoringModel):
    """Gives a completion its reward: the one logit of a sequence classifier."""

    kind: Kind = "classifier"

    def __init__(self, settings: LocalSettings) -> None:
        super().__init__(settings)
        n_labels = self.model.config.num_labels
        if n_labels != 1:
            self.close()
            text = _(
                "The model {name!r} gives {n} numbers, and a reward model gives one."
            )
            raise ModelError(text.format(name=settings.model, n=n_labels))

    def encode(self, ask: Ask) -> Encoded:
        """Make a conversation ready whose last message is the completion."""
        return Encoded(ask, self.chat.ids(ask.messages, opens_reply=False))

    def run(self, batch: Sequence[Encoded]) -> list[Reply]:
        """Score a batch, in its order."""
        scores = self._logits([one.ids for one in batch])
        return [scored(one, score) for one, score in zip(batch, scores, strict=True)]

    def _logits(self, rows: Sequence[Sequence[int]]) -> list[float]:
        import torch  # Heavy; the web process imports this package.

        # A decoder is read at the last token that is not the one for padding. A model
        # that names none gets one that stands in no text of the batch.
        config: Any = self.model.config.get_text_config()
        fill = config.pad_token_id
        if fill is None:
            fill = _unused(rows, config.vocab_size)
        ids, mask = padded(rows, "right", self.device, fill)
        with torch.inference_mode():
            config.pad_token_id, kept = fill, config.pad_token_id
            try:
                logits = self.model(input_ids=ids, attention_mask=mask).logits
            finally:
                config.pad_token_id = kept
        found: list[float] = logits[:, 0].float().tolist()
        return found


def _unused(rows: Sequence[Sequence[int]], n_vocab: int) -> int:
    used = {id_ for row in rows for id_ in row}
    return next(id_ for id_ in range(n_vocab) if id_ not in used)
