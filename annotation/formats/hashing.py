"""PURE: the hash by which the same content is known again at a re-import."""

import hashlib
import json

from annotation.formats.types import ItemDraft


def content_hash(item: ItemDraft) -> str:
    """Return the SHA-256 of an item's messages and completion texts, in order.

    Ids, models, labels and metadata do not enter: the same question with the same
    answers is the same item. Hexadecimal, 64 characters.
    """
    content = [
        [[message.role, message.content] for message in item.messages],
        [completion.text for completion in item.completions],
    ]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
