"""PURE: conversation trees in which several replies stand side by side (OpenAssistant).

Each message with two or more assistant replies becomes an item; the messages that
lead to it are its prompt.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    Content,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    build_item,
    fields,
    make_label,
    rest,
    short_text,
)
from annotation.formats.shapes.parts import ROLES, text_of
from annotation.formats.types import CompletionDraft, LabelDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

MAX_DEPTH = 200
# A message's place in the tree is told by the item itself.
STRUCTURE = frozenset(
    ("text", "role", "replies", "message_id", "parent_id", "model_name", "lang")
)


def guess(sample: Sample) -> ColumnMapping | None:
    """Know a tree by its replies, at the top of the row or under `prompt`."""
    if sample.has("text", "role", "replies"):
        root = ""
    elif sample.all_are("prompt", dict) and all(
        "replies" in value for value in sample.values("prompt")
    ):
        root = "prompt"
    else:
        return None
    tree_id = sample.find("message_tree_id", "message_id")
    found = fields(tree=root, external_id=tree_id)
    return ColumnMapping(
        "openassistant_trees", found, labels_by="human", labels_name="merged ranks"
    )


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of each set of two or more assistant replies."""
    column = mapping.column("tree")
    root = row.get(column) if column else row
    if not isinstance(root, Mapping):
        raise RowFault(
            column, _("The tree is missing."), _("Map the column that holds it.")
        )
    drafts: list[Draft] = []
    for path, replies in _sibling_sets(root, (), 0):
        if len(replies) >= mapping.min_completions:
            drafts += _item(number, row, mapping, path, replies)
    return drafts


Path = tuple[Mapping[str, Any], ...]


def _sibling_sets(
    node: Mapping[str, Any], above: Path, depth: int
) -> Iterator[tuple[Path, list[Mapping[str, Any]]]]:
    """Yield the messages that lead to each set of assistant replies, and the set."""
    if depth > MAX_DEPTH:
        raise RowFault(
            "replies",
            _("The tree is deeper than {max_depth} messages.").format(
                max_depth=MAX_DEPTH
            ),
            _("Cut it."),
        )
    replies = node.get("replies") or []
    if not isinstance(replies, list) or not all(
        isinstance(r, Mapping) for r in replies
    ):
        raise RowFault(
            "replies", _("The replies are not a list of messages."), _("Mend the tree.")
        )
    path = (*above, node)
    answers = [reply for reply in replies if _role(reply) == "assistant"]
    if answers:
        yield path, answers
    for reply in replies:
        yield from _sibling_sets(reply, path, depth + 1)


def _role(node: Mapping[str, Any]) -> str:
    role = str(node.get("role", "")).lower()
    if role not in ROLES:
        raise RowFault(
            "role",
            _("A message has the role {role!r}.").format(role=role),
            _("Use prompter and assistant."),
        )
    return ROLES[role]


def _item(
    number: int,
    row: Row,
    mapping: ColumnMapping,
    path: Path,
    replies: Sequence[Mapping[str, Any]],
) -> list[Draft]:
    messages = tuple(
        Message(_role(node), text_of(node.get("text"), "text")) for node in path
    )
    completions = tuple(
        CompletionDraft(
            text_of(reply.get("text"), "text"),
            text_of(reply.get("model_name"), "model_name"),
            text_of(reply.get("message_id"), "message_id"),
            {k: v for k, v in reply.items() if k not in STRUCTURE and v is not None},
        )
        for reply in replies
    )
    ranks = [reply.get("rank") for reply in replies]
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by != "leave_out" and None not in ranks:
        answers = {"ranking": {"tiers": _tiers(ranks), "unacceptable": []}}
        labels = (make_label(mapping, answers),)
    metadata: dict[str, Any] = {
        **(rest(row, mapping) if mapping.column("tree") else {}),
        "tree": short_text(row, mapping, "external_id"),
        "path": [node.get("message_id") for node in path],
    }
    if not labels and any(rank is not None for rank in ranks):
        metadata["source_label"] = {"ranks": ranks}
    content = Content(
        messages,
        completions,
        labels,
        metadata,
        external_id=text_of(path[-1].get("message_id"), "message_id"),
        language=text_of(path[-1].get("lang"), "lang"),
    )
    return build_item(number, row, mapping, content)


def _tiers(ranks: Sequence[object]) -> list[list[int]]:
    numbers = [asked.whole_number(rank, "rank") for rank in ranks]
    return [
        [place for place, number in enumerate(numbers) if number == rank]
        for rank in sorted(set(numbers))
    ]


def questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the ranking that the ranks of the replies answer."""
    return [asked.ranking()]


TREES = Shape(
    name="openassistant_trees",
    title=gettext_noop("Conversation trees (OpenAssistant)"),
    help=gettext_noop(
        "Each row is a tree of messages. Every message with two or more assistant "
        "replies becomes an item; full ranks become a ranking."
    ),
    roles=("tree", "external_id"),
    required=(),
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
)
