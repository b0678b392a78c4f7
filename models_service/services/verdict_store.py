"""Store a machine's verdicts on items as pre-annotations."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from annotation.models import MachineAnnotator, QuestionsVersion
from models_service.combining import Combined
from models_service.services.judging import Judged

_STORE = """
    INSERT INTO pre_annotation (public_id, created_at, project_id, item_id, machine_id,
        questions_version_id, status, answers, probability, logit, bias, disagreement,
        flags, raw, "order", metadata)
    SELECT gen_random_uuid(), now(), %(project)s, v.item_id, %(machine)s,
        %(questions)s, v.status, v.answers, v.probability, v.logit, v.bias,
        v.disagreement, v.flags, '', '{}', v.metadata
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS v(item_id bigint, status text,
        answers jsonb, probability float, logit float, bias float, disagreement float,
        flags text[], metadata jsonb)
    ON CONFLICT (item_id, machine_id, questions_version_id, "order") DO UPDATE
    SET created_at = EXCLUDED.created_at, status = EXCLUDED.status,
        answers = EXCLUDED.answers, probability = EXCLUDED.probability,
        logit = EXCLUDED.logit, bias = EXCLUDED.bias,
        disagreement = EXCLUDED.disagreement, flags = EXCLUDED.flags,
        metadata = EXCLUDED.metadata
    WHERE pre_annotation.status <> 'ok' OR %(replaces)s AND NOT EXISTS (
        SELECT 1 FROM exposure x WHERE x.pre_annotation_id = pre_annotation.id)
"""


def store_verdicts(
    machine: MachineAnnotator, questions: QuestionsVersion, judged: Sequence[Judged]
) -> None:
    """Store one combined verdict for each item; one statement.

    A verdict that is there stays; what failed or could not be read is replaced. So is
    that of a jury, which decides anew only where an owner asks for it, unless somebody
    was shown it.
    """
    rows = [{"item_id": one.item.id, **verdict_row(one.combined)} for one in judged]
    with connection.cursor() as db:
        db.execute(
            _STORE,
            {
                "project": machine.project_id,
                "machine": machine.pk,
                "questions": questions.pk,
                "rows": json.dumps(rows),
                "replaces": machine.backend == MachineAnnotator.Backend.JURY,
            },
        )


def verdict_row(found: Combined) -> dict[str, Any]:
    """Return the columns of a verdict, with what has none of its own as metadata."""
    told = {
        "p_a": found.p_a,
        "rationale": found.rationale,
        "rationale_order": found.rationale_order if found.rationale else (),
        "critiques": found.critiques,
        "tags": found.tags,
        "means": found.means,
        "spread": found.spread,
        "strength": found.strength,
        "members": found.members,
        "reason": found.reason,
    }
    return {
        "status": found.status,
        "answers": found.answers,
        "probability": found.probability,
        "logit": found.logit,
        "bias": found.bias,
        "disagreement": found.disagreement,
        "flags": list(found.flags),
        "metadata": {
            name: value
            for name, value in told.items()
            if value not in (None, "", (), {})
        },
    }
