"""The agreement figures of published data sets come out the same."""

import csv
import gzip
import json
import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from annotation.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    majority,
)
from annotation.agreement.coefficients import Floats

FOLDER = os.environ.get("POLYPHONY_DATA_DIR", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="POLYPHONY_DATA_DIR is unset.")


@pytest.fixture(scope="module")
def pandalm() -> Floats:
    path = Path(FOLDER) / "pandalm" / "testset-v1.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return np.array([[float(r[f"annotator{n}"]) for r in rows] for n in (1, 2, 3)])


def test_pandalm_pairs_of_annotators(pandalm: Floats) -> None:
    for first, second, value in ((0, 1, 0.9016), (0, 2, 0.8789), (1, 2, 0.8790)):
        found = cohen_kappa(pandalm[first], pandalm[second])
        assert found.value == pytest.approx(value, abs=5e-5)


def test_pandalm_all_three(pandalm: Floats) -> None:
    assert fleiss_kappa(pandalm).value == pytest.approx(0.8865, abs=5e-5)
    assert krippendorff_alpha(pandalm).value == pytest.approx(0.8866, abs=5e-5)


def test_pandalm_majorities(pandalm: Floats) -> None:
    votes = [majority(list(column)) for column in pandalm.T]
    assert Counter(vote.choice for vote in votes) == {1.0: 227, 2.0: 227, 0.0: 60}
    assert sum(vote.is_unanimous for vote in votes) == 462


@pytest.mark.parametrize(
    ("aspect", "value"), [("grammar", 0.3893), ("overall", 0.4041)]
)
def test_recipe_ratings(aspect: str, value: float) -> None:
    path = Path(FOLDER) / "recipe_ratings" / "cleaned_data_anonymized.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r[aspect]]
    units: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        unit = (row["listnumber"], row["recipeid"], row["condition"])
        units[unit][row["participant"]] = float(row[aspect])
    people = sorted({row["participant"] for row in rows})
    ratings = np.array(
        [[marks.get(who, np.nan) for marks in units.values()] for who in people]
    )
    assert (len(people), len(units)) == (50, 36)
    found = krippendorff_alpha(ratings, "ordinal")
    assert found.value == pytest.approx(value, abs=5e-5)
