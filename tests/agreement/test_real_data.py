"""The agreement figures of published data sets come out the same.

Each test also runs on an own-written miniature in the same format, whose figures are
worked out by hand.
"""

import csv
import gzip
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotation.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    majority,
)
from annotation.agreement.coefficients import Floats

MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")


@dataclass(frozen=True)
class Figures:
    """What a set of pairs with three annotators must give, to the digits stated."""

    folder: Path
    kappas: tuple[float, float, float]
    fleiss: float
    alpha: float
    majorities: dict[float, int]
    n_unanimous: int
    share_of_model: float


SETS = [
    pytest.param(
        Figures(
            MINIATURES / "pandalm",
            # Items 1 and 3 have one answer apart: pairs agree on 3, 3 and 2 of 4.
            kappas=(1 / 2, 5 / 9, 1 / 5),
            fleiss=5 / 13,
            alpha=17 / 39,
            majorities={1.0: 3, 2.0: 1},
            n_unanimous=2,
            share_of_model=0.5,
        ),
        id="miniature",
    ),
    pytest.param(
        Figures(
            Path(REAL) / "pandalm",
            kappas=(0.9016, 0.8789, 0.8790),
            fleiss=0.8865,
            alpha=0.8866,
            majorities={1.0: 227, 2.0: 227, 0.0: 60},
            n_unanimous=462,
            share_of_model=0.7043,
        ),
        marks=needs_data,
        id="published",
    ),
]
EACH = pytest.mark.parametrize("figures", SETS)


def near(value: float) -> object:
    return pytest.approx(value, abs=5e-5)


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def people(figures: Figures) -> Floats:
    rows = rows_of(figures.folder / "testset-v1.jsonl.gz")
    return np.array([[float(r[f"annotator{n}"]) for r in rows] for n in (1, 2, 3)])


@EACH
def test_pairs_of_annotators_agree_as_published(figures: Figures) -> None:
    first, second, third = people(figures)
    found = [
        cohen_kappa(a, b).value
        for a, b in ((first, second), (first, third), (second, third))
    ]
    assert found == [near(value) for value in figures.kappas]


@EACH
def test_all_three_agree_as_published(figures: Figures) -> None:
    ratings = people(figures)
    assert fleiss_kappa(ratings).value == near(figures.fleiss)
    assert krippendorff_alpha(ratings).value == near(figures.alpha)


@EACH
def test_majorities_are_as_published(figures: Figures) -> None:
    votes = [majority(list(column)) for column in people(figures).T]
    assert Counter(vote.choice for vote in votes) == figures.majorities
    assert sum(vote.is_unanimous for vote in votes) == figures.n_unanimous


@EACH
def test_the_model_equals_the_majority_as_often_as_published(
    figures: Figures,
) -> None:
    said = {"1": 1.0, "2": 2.0, "Tie": 0.0}
    rows = rows_of(figures.folder / "gpt-3.5-turbo-testset-v1.jsonl.gz")
    # What could not be read counts as wrong.
    model = [said.get(row["gpt_result"]) for row in rows]
    votes = [majority(list(column)).choice for column in people(figures).T]
    hits = [m == vote for m, vote in zip(model, votes, strict=True)]
    assert np.mean(hits) == near(figures.share_of_model)


@pytest.mark.parametrize(
    ("folder", "aspect", "shape", "value"),
    [
        (MINIATURES, "grammar", (3, 4), 1.0),
        (MINIATURES, "overall", (3, 4), 1 / 4),
        pytest.param(Path(REAL), "grammar", (50, 36), 0.3893, marks=needs_data),
        pytest.param(Path(REAL), "overall", (50, 36), 0.4041, marks=needs_data),
    ],
)
def test_ratings_of_recipes_agree_as_published(
    folder: Path, aspect: str, shape: tuple[int, int], value: float
) -> None:
    path = folder / "recipe_ratings" / "cleaned_data_anonymized.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r[aspect]]
    units: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        unit = (row["listnumber"], row["recipeid"])
        units[unit][row["participant"]] = float(row[aspect])
    people = sorted({row["participant"] for row in rows})
    ratings = np.array(
        [[marks.get(who, np.nan) for marks in units.values()] for who in people]
    )
    assert ratings.shape == shape
    assert krippendorff_alpha(ratings, "ordinal").value == near(value)
