"""What the preview of an import shows of an item that nobody has stored yet."""

from dataclasses import dataclass

from annotation.answers import letter, parse_questions
from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import label_questions
from annotation.formats.types import ItemDraft, LabelDraft
from annotation.selectors.texts import rendered
from annotation.verdicts import answered
from annotation.words import gettext as _

PREVIEW_CHARS = 1_500
MAX_LABELS = 6


@dataclass(frozen=True)
class ShownText:
    """A text of the preview. `is_cut` says that the import takes more of it."""

    name: str
    html: str
    is_cut: bool
    model: str = ""


@dataclass(frozen=True)
class ShownItem:
    """An item as the preview shows it."""

    row: int
    external_id: str
    messages: tuple[ShownText, ...]
    completions: tuple[ShownText, ...]
    labels: tuple[tuple[LabelDraft, str], ...]
    n_more_labels: int


def shown_item(item: ItemDraft, mapping: ColumnMapping) -> ShownItem:
    """Return an item with its texts rendered, cut to what a preview needs."""
    html = rendered(
        [m.content[:PREVIEW_CHARS] for m in item.messages]
        + [c.text[:PREVIEW_CHARS] for c in item.completions]
    )
    n = len(item.messages)
    return ShownItem(
        row=item.row,
        external_id=item.external_id,
        messages=tuple(
            ShownText(m.role, html[i], len(m.content) > PREVIEW_CHARS)
            for i, m in enumerate(item.messages)
        ),
        completions=tuple(
            ShownText(letter(i), html[n + i], len(c.text) > PREVIEW_CHARS, c.model)
            for i, c in enumerate(item.completions)
        ),
        labels=tuple(
            (label, _words(label, mapping, len(item.completions)))
            for label in item.labels[:MAX_LABELS]
        ),
        n_more_labels=max(len(item.labels) - MAX_LABELS, 0),
    )


def _words(label: LabelDraft, mapping: ColumnMapping, n_completions: int) -> str:
    if label.status != "ok":
        return _("No answer could be read")
    raw = label_questions(mapping) if label.questions is None else label.questions
    if not raw:
        return _("Left out")
    said = answered(parse_questions(raw), label.answers, n_completions)
    others = [f"{aspect.title} {aspect.verdict}" for aspect in said.others]
    return "; ".join(filter(None, [said.verdict, *others])) or _("No verdict")
