"""Run one format over items in the hand, and give its rows by column."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.hybrid import COLUMNS, AiVerdict, Draw, ToldPolicy
from annotation.formats.exports.hybrid_policy import HybridPolicy
from annotation.formats.exports.policy import Policy, Tally
from annotation.formats.exports.types import StoredAnswer, StoredItem, Version
from annotation.questions import Question


class Told:
    """What the apps above would tell: policy 1 takes the label of machine 7."""

    def __init__(self, *draws: Draw) -> None:
        self.policies: Sequence[ToldPolicy] = (ToldPolicy(1, 7, "a policy", 1),)
        self._draws = draws

    def draws(self, numbers: Sequence[int]) -> Mapping[int, Draw]:
        """Draw the first item, if any."""
        return dict.fromkeys({1} & set(numbers), *self._draws) if self._draws else {}

    def verdict(
        self, question: Question, answers: Sequence[StoredAnswer], n_completions: int
    ) -> AiVerdict | None:
        """Say what the first answer says."""
        value = json.loads(answers[0].answers).get(question.name)
        return AiVerdict(value, 0.8, "calibrated") if value else None


def rows_of(
    form: str, items: Sequence[StoredItem], version: Version, **options: Any
) -> tuple[list[dict[str, Any]], Tally]:
    """Return the rows of a format as dictionaries, and the tally."""
    return run(form, items, {1: version}, **options)


def run(
    form: str,
    items: Sequence[StoredItem],
    versions: Mapping[int, Version],
    **options: Any,
) -> tuple[list[dict[str, Any]], Tally]:
    """Return the rows of a format for several versions of the questions."""
    chosen = parse_options({"format": form, **options})
    plan = FORMATS[form].plan
    assert plan is not None
    columns, judge = plan(chosen, list(versions.values()))
    policy: Policy | HybridPolicy = Policy(
        chosen,
        versions,
        FORMATS[form].kinds,
        judge,
        takes_decisions="unit" in FORMATS[form].options,
    )
    if isinstance(policy, Policy) and chosen.is_hybrid:
        policy, columns = HybridPolicy(policy, Told(), 0, 1), (*columns, *COLUMNS)
    tally = Tally()
    names = [column.name for column in columns]
    rows = [dict(zip(names, row, strict=True)) for row in policy.rows(items, tally)]
    return rows, tally
