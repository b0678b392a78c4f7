"""What a machine's stored answers to one item say together, as a label of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from annotation.formats.exports.hybrid import CALIBRATED, STATED
from annotation.formats.exports.types import StoredAnswer
from models_service.combining import sigmoid
from models_service.selectors.label_verdicts import label_verdict
from models_service.selectors.trust import Trust
from tests.exports.build import COMPARISON, JUDGE, RATING, answer, version

(COMPARED,) = version(COMPARISON).questions
(RATED,) = version(RATING).questions
HALVED = {"method": "temperature", "value": 2.0, "n_items": 200}
TRUST = Trust(
    {"calibration": {"calibrator": HALVED}}, datetime(2026, 1, 1, tzinfo=UTC), None
)


def said(value: int, order: tuple[int, ...] = (), **facts: Any) -> StoredAnswer:
    """Return a stored verdict."""
    machine = JUDGE._replace(**{"probability": None, **facts})
    given = {"preference": {"value": value}}
    return answer("v", given, machine=machine, order=order or None)


@pytest.mark.parametrize(("value", "logit"), [(2, 1.0), (-1, -1.0), (1, -0.4)])
def test_confidence_is_calibrated_and_that_of_the_side_named(
    value: int, logit: float
) -> None:
    found = label_verdict(COMPARED, [said(value, logit=logit)], 2, TRUST)
    assert found is not None
    assert found.value == {"value": value}
    towards = logit if value > 0 else -logit
    assert found.confidence == pytest.approx(sigmoid(towards / 2.0))
    assert found.kind == CALIBRATED


def test_without_a_calibration_it_is_what_the_machine_stated() -> None:
    found = label_verdict(COMPARED, [said(1, probability=0.7)], 2, None)
    assert found is not None
    assert (found.confidence, found.kind) == (0.7, STATED)
    found = label_verdict(COMPARED, [said(-1, logit=-1.0)], 2, None)
    assert found is not None
    assert found.confidence == pytest.approx(sigmoid(1.0))
    assert found.kind == STATED


def test_tie_and_marks_have_no_calibrated_confidence() -> None:
    found = label_verdict(COMPARED, [said(0, logit=0.1)], 2, TRUST)
    assert found is not None
    assert (found.value, found.confidence, found.kind) == ({"value": 0}, None, "")
    marks = {"ratings": {"helpful": [4, 1], "correct": [4, 1]}}
    rated = answer("v", marks, machine=JUDGE._replace(probability=None), order=None)
    found = label_verdict(RATED, [rated], 2, TRUST)
    assert found is not None
    assert (found.value, found.confidence) == (marks["ratings"], None)


def test_the_row_of_both_orders_counts_and_single_orders_are_combined() -> None:
    orders = [said(2, (0, 1), logit=2.0), said(-2, (1, 0), logit=2.0)]
    whole = label_verdict(COMPARED, [*orders, said(1, logit=1.0)], 2, TRUST)
    assert whole is not None
    assert whole.value == {"value": 1}
    torn = label_verdict(COMPARED, orders, 2, TRUST)
    assert torn is not None
    assert (torn.value, torn.confidence) == ({"value": 0}, None)
    same = [said(2, (0, 1), logit=2.0), said(2, (1, 0), logit=-1.0)]
    found = label_verdict(COMPARED, same, 2, TRUST)
    assert found is not None
    assert found.value["value"] > 0
    assert found.confidence == pytest.approx(sigmoid(1.5 / 2.0))


@pytest.mark.parametrize("status", ["failed", "refused", "unparsable"])
def test_what_cannot_be_read_is_no_label(status: str) -> None:
    assert label_verdict(COMPARED, [said(1, status=status)], 2, TRUST) is None
