"""PURE: stored items and answers as Polyphony's own rows, which import again the same.

What an import cannot keep of its own (active time, versions, layout) goes to the
label's metadata under `polyphony`; a label that came by import already says it there,
and stays as it is. So export, import and export give the same rows but for names.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import APART_PURPOSES, Tally, refusal
from annotation.formats.exports.types import (
    Machine,
    StoredAnswer,
    StoredItem,
    Suggested,
    Version,
)
from annotation.formats.native import item_to_native
from annotation.formats.types import CompletionDraft, ItemDraft, LabelDraft, Message

OPTIONS: tuple[str, ...] = ()
OWN = "polyphony"


def native_row(
    item: StoredItem,
    options: ExportOptions,
    versions: Mapping[int, Version],
    tally: Tally,
) -> dict[str, Any]:
    """Return the row of an item with all its labels that may be exported."""
    labels = []
    for answer in item.answers:
        reason = refusal(answer, options)
        if not reason and answer.fate != "current":
            # An import could not tell an answer from the one that replaced it.
            reason = answer.fate
        if not reason and answer.purpose in APART_PURPOSES:
            # An import would take it for data.
            reason = "purpose"
        tally.count_answer(reason, answer)
        if not reason:
            labels.append(_label(answer, versions[answer.version]))
    draft = ItemDraft(
        row=item.number,
        messages=tuple(Message(m["role"], m["content"]) for m in item.messages),
        completions=tuple(
            CompletionDraft(c.text, c.model, c.external_id, json.loads(c.metadata))
            for c in item.completions
        ),
        external_id=item.external_id,
        language=item.language,
        category=item.category,
        source=item.source,
        metadata=json.loads(item.metadata),
        gold=None if item.gold is None else json.loads(item.gold),
        overlap=item.overlap,
        priority=item.priority,
        labels=tuple(labels),
    )
    return item_to_native(draft)


def _label(answer: StoredAnswer, version: Version) -> LabelDraft:
    machine, person = answer.machine, answer.person
    took_ms = answer.total_ms if answer.total_ms is not None else answer.active_ms
    return LabelDraft(
        annotator=answer.annotator,
        is_machine=machine is not None,
        answers=json.loads(answer.answers),
        status=machine.status if machine is not None else "ok",
        raw=machine.raw if machine is not None else "",
        created_at=datetime.fromisoformat(answer.created_at),
        duration_ms=took_ms,
        order=answer.order or None,
        probability=machine.probability if machine is not None else None,
        flags=machine.flags if machine is not None else (),
        profile=json.loads(person.profile) if person is not None else {},
        metadata=_metadata(answer, version),
        questions=_questions(answer, version),
    )


def _questions(answer: StoredAnswer, version: Version) -> tuple[Mapping[str, Any], ...]:
    """Return what the label answers; a machine may have been asked a part only."""
    answered = json.loads(answer.answers)
    if answer.machine is None or not answered:
        return tuple(version.raw)
    return tuple(question for question in version.raw if question["name"] in answered)


def _metadata(answer: StoredAnswer, version: Version) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(answer.metadata)
    if answer.machine is not None:
        own = _machine_facts(answer.machine)
    elif answer.source != "import":
        own = _human_facts(answer, version)
    else:
        own = {}
    if own:
        stored.setdefault(OWN, own)
    return stored


def _machine_facts(machine: Machine) -> dict[str, Any]:
    facts = {
        "revision": machine.revision,
        "prompt_sha256": machine.prompt_sha256,
        "parameters": json.loads(machine.parameters),
        "cost_usd": machine.cost_usd,
        "latency_ms": machine.latency_ms,
        "logit": machine.logit,
        "bias": machine.bias,
        "disagreement": machine.disagreement,
        "protocol": machine.protocol,
        "number": machine.number if machine.number > 1 else None,
        "backend": "" if machine.backend == "file" else machine.backend,
    }
    known = {name: value for name, value in facts.items() if value not in ("", None)}
    if not known["parameters"]:
        del known["parameters"]
    return {"model": machine.model, **known} if known else {}


def _human_facts(answer: StoredAnswer, version: Version) -> dict[str, Any]:
    person = answer.person
    facts = {
        "source": answer.source,
        "state": answer.state,
        "purpose": answer.purpose,
        "round": answer.round,
        "questions_version": version.number,
        "guidelines_version": answer.guidelines_version,
        "consent_version": person.consent_version if person is not None else None,
        "consent_scopes": list(person.scopes) if person is not None else [],
        "active_ms": answer.active_ms,
        "total_ms": answer.total_ms,
        "reading_ms": answer.reading_ms and list(answer.reading_ms),
        "shown_at": answer.shown_at,
        "layout": answer.layout,
        "view": answer.view,
        "is_suggestion_visible": answer.is_suggestion_visible,
        "suggestion": _suggestion(answer.suggested),
    }
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _suggestion(suggested: Suggested | None) -> dict[str, Any] | None:
    if suggested is None:
        return None
    facts = suggested._asdict() | {
        "answers": json.loads(suggested.answers),
        "first_answers": json.loads(suggested.first_answers),
    }
    return {name: value for name, value in facts.items() if value is not None}
