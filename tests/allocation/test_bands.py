"""Bands of whole numbers: half-open, named as people read them, or said to be wrong."""

import pytest

from annotation.allocation.bands import band_of, fault, labels
from annotation.allocation.quotas import (
    ELSE,
    NO_ANSWER,
    InvalidQuotasError,
    Quota,
    keys_of,
    outcomes,
    parse_quotas,
)

CUTS = (18, 25, 65)
VALUES = {"age": (), "gender": ("Female", "Male")}
BY_AGE = {"kind": "per_item", "questions": ["age"], "n": 1}


def test_bands_are_named_with_their_last_number() -> None:
    assert labels(CUTS) == ("under 18", "18 to 24", "25 to 64", "65 or over")
    assert labels((1, 2)) == ("under 1", "1", "2 or over")
    assert labels((50,)) == ("under 50", "50 or over")


@pytest.mark.parametrize(
    ("number", "band"),
    [
        (0, "under 18"),
        (17, "under 18"),
        (18, "18 to 24"),
        (24, "18 to 24"),
        (25, "25 to 64"),
        (64, "25 to 64"),
        (65, "65 or over"),
        (120, "65 or over"),
    ],
)
def test_cut_belongs_to_the_band_that_it_opens(number: int, band: str) -> None:
    assert band_of(number, CUTS) == band


def test_every_number_is_in_the_one_band_that_its_name_says() -> None:
    for number in range(200):
        words = band_of(number, CUTS).replace("under ", "0 to ").split()
        low = int(words[0])
        high = {"over": 10**6}.get(words[-1]) or int(words[-1])
        is_under = band_of(number, CUTS).startswith("under")
        assert low <= number <= high - is_under


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        ([], "from 1 to 50"),
        ([0], "above 0"),
        ([18, 18], "higher number"),
        ([25, 18], "higher number"),
        ([1.5], "1.5 is none"),
        (["18"], "'18' is none"),
        ([True], "True is none"),
    ],
)
def test_cuts_that_make_no_bands_are_said_in_words(
    cuts: list[object], said: str
) -> None:
    assert said in fault(cuts)


def test_number_counts_in_its_band() -> None:
    (quota,) = parse_quotas([BY_AGE | {"bands": {"age": list(CUTS)}}], VALUES)
    told = [{"age": "18"}, {"age": "70"}, {}, {"age": "grown up"}]
    found = [keys_of(quota, one) for one in told]
    assert found == [("18 to 24",), ("65 or over",), (NO_ANSWER,), (ELSE,)]
    assert outcomes(quota, "age", VALUES)[-1] == NO_ANSWER


def test_bands_cross_with_other_questions() -> None:
    quota = Quota("per_item", ("age", "gender"), 1, bands={"age": CUTS})
    told = {"age": "25", "gender": "Male"}
    assert keys_of(quota, told) == ("25 to 64 × Male",)  # noqa: RUF001  # the sign


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (BY_AGE, "say at which numbers its bands begin"),
        (BY_AGE | {"bands": {"age": [3, 2]}}, "higher number"),
        (BY_AGE | {"bands": {"age": 18}}, "Bands are a list"),
        (
            BY_AGE | {"questions": ["gender"], "bands": {"gender": [18]}},
            "is no number that this quota goes by",
        ),
    ],
)
def test_fault_of_bands_is_named_at_its_field(
    raw: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidQuotasError) as caught:
        parse_quotas([raw], VALUES)
    (problem,) = caught.value.problems
    assert problem.path == "quotas[0].bands"
    assert said in problem.message
