"""Shares of the census: their sums, the published margins, what a survey bears."""

import pytest

from annotation.allocation.census import ADULTS, ETHNIC_GROUPS, crossed, margins
from annotation.allocation.quotas import BETWEEN, Quota, cells_of, parse_quotas
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.surveys import parse_survey

BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
VALUES = {
    "age": BANDS,
    "gender": ("Female", "Male", "Other"),
    "ethnicity": ("White", "Asian", "Black", "Mixed", "Other"),
}


def test_counts_make_the_published_number_of_adults() -> None:
    """The sum that PRISM's notebook 02 prints for the same file."""
    assert sum(map(sum, ADULTS.values())) == 47_204_870


@pytest.mark.parametrize(
    ("question", "published"),
    [
        ("age", [10.501639, 17.054416, 16.390989, 16.761321, 15.855642, 23.435993]),
        ("gender", [51.644671, 48.355329]),
        ("ethnicity", [83.894289, 8.565334, 3.664812, 1.894825, 1.980738]),
    ],
)
def test_margins_are_those_of_prisms_rebalancing(
    question: str, published: list[float]
) -> None:
    (found,) = (one for one in margins(VALUES) if one.questions == (question,))
    assert list(found.shares.values()) == pytest.approx(published, abs=1e-4)
    assert sum(found.shares.values()) == pytest.approx(100, abs=1e-9)


def test_cross_has_a_share_for_each_cell_and_makes_a_hundred() -> None:
    found = crossed(VALUES)
    assert found is not None
    assert found.questions == ("age", "gender", "ethnicity")
    assert len(found.shares) == 60
    assert sum(found.shares.values()) == pytest.approx(100, abs=1e-9)
    # 65 or over, White: 5,608,520 women and 4,746,730 men of 47,204,870.
    assert found.shares[BETWEEN.join(("65+", "Female", "White"))] == 11.8812
    assert found.shares[BETWEEN.join(("65+", "Male", "White"))] == 10.0556
    for k, group in enumerate(ETHNIC_GROUPS):
        women = ADULTS[18, "female"][k]
        key = BETWEEN.join(("18-24", "Female", group.title()))
        assert found.shares[key] == pytest.approx(100 * women / 47_204_870, abs=1e-4)


@pytest.mark.parametrize("n_wanted", [7, 300, 1500, 4321])
def test_cells_add_up_to_the_answers_wanted(n_wanted: int) -> None:
    found = crossed(VALUES)
    assert found is not None
    quota = Quota("exact", found.questions, 0, found.shares, found.groups)
    assert sum(cell.n_limit or 0 for cell in cells_of(quota, n_wanted)) == n_wanted


def test_survey_without_ethnicity_bears_age_by_sex() -> None:
    found = crossed({name: VALUES[name] for name in ("age", "gender")})
    assert found is not None
    assert found.questions == ("age", "gender")
    assert found.shares[BETWEEN.join(("65+", "Female"))] == pytest.approx(12.7032)


def test_survey_of_prism_bears_the_cross_by_its_simplified_categories() -> None:
    asked = {q.name: q for q in parse_survey(PEOPLE_TEMPLATES["prism"].survey)}
    simplified = dict.fromkeys(c.simplified for c in asked["ethnicity"].categories)
    values = {
        "age": asked["age"].options,
        "gender": asked["gender"].options,
        "ethnicity": tuple(simplified),
    }
    found = crossed(values)
    assert found is not None
    assert len(found.shares) == 60
    # The census asks nobody whether they are Hispanic: they count as it counts them.
    assert found.groups["ethnicity"]["Hispanic"] == "Other"
    assert "Prefer not to say" not in found.groups["ethnicity"]
    raw = {
        "kind": "exact",
        "questions": list(found.questions),
        "amounts": dict(found.shares),
        "groups": dict(found.groups),
    }
    assert len(parse_quotas([raw], values)) == 1


def test_age_in_years_is_cut_where_the_census_cuts() -> None:
    found = crossed(VALUES | {"age": ()})
    assert found is not None
    assert found.bands == {"age": (18, 25, 35, 45, 55, 65)}
    assert found.shares[BETWEEN.join(("65 or over", "Female", "White"))] == 11.8812
    assert [one.questions for one in margins({"gender": (), "age": ()})] == [("age",)]


@pytest.mark.parametrize(
    "options",
    [
        ("18-24", "25-44", "45-64", "65+"),
        ("18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"),
        ("young", "old"),
    ],
)
def test_other_bands_are_left_out_rather_than_guessed(options: tuple[str, ...]) -> None:
    assert margins({"age": options}) == []
    assert crossed({"age": options, "gender": ("Female", "Male")}) is None
