"""PURE: labels that come in a file of their own, joined to their items by id."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotation.formats.types import ItemDraft, LabelDraft, LabelsDraft


def join_labels(
    items: Iterable[ItemDraft],
    labels: Iterable[LabelsDraft],
    questions: Sequence[Mapping[str, Any]],
) -> Iterator[ItemDraft]:
    """Yield the items, each with the labels that name its external id.

    `questions`: those that the joined labels answer (shapes.label_questions of their
    file's mapping); they differ from those of the labels an item already has.
    All labels are held in memory, the items are not.
    """
    by_id: dict[str, list[LabelDraft]] = defaultdict(list)
    for draft in labels:
        for label in draft.labels:
            asked = tuple(questions) if label.questions is None else label.questions
            by_id[draft.external_id].append(replace(label, questions=asked))
    for item in items:
        more = by_id.get(item.external_id, []) if item.external_id else []
        yield replace(item, labels=(*item.labels, *more))
