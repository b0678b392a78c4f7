"""What a label costs follows its answers, its length and its surcharges."""

from decimal import Decimal

import numpy as np
import pytest

from routing.prices import (
    DEAREST,
    SurchargeError,
    Tariff,
    prices_of,
    read_surcharges,
    written_surcharges,
)

NAN = float("nan")


def priced(
    tariff: Tariff,
    words: list[float],
    n_wanted: list[int] | None = None,
    factors: list[float] | None = None,
) -> list[str]:
    found = prices_of(
        tariff,
        np.array(n_wanted or [tariff.overlap] * len(words)),
        np.array(words),
        np.array(factors or [1.0] * len(words)),
    )
    return [f"{price:f}" for price in found]


def test_without_length_and_surcharges_every_label_costs_the_same() -> None:
    tariff = Tariff(Decimal("0.3"), 3)
    assert priced(tariff, [10.0, 500.0]) == ["0.300000", "0.300000"]
    assert priced(tariff, [1.0, 1.0], n_wanted=[1, 6]) == ["0.100000", "0.600000"]


def test_the_share_that_grows_with_the_length_is_relative_to_the_mean() -> None:
    half = Tariff(Decimal("0.2"), 1, 0.5)
    assert priced(half, [50.0, 100.0, 150.0]) == ["0.150000", "0.200000", "0.250000"]
    whole = Tariff(Decimal("0.2"), 1, 1.0)
    assert priced(whole, [50.0, 150.0]) == ["0.100000", "0.300000"]


def test_prices_by_length_add_up_to_those_of_the_mean() -> None:
    rng = np.random.default_rng(5)
    words = rng.lognormal(5, 1, 400)
    tariff = Tariff(Decimal("0.25"), 2, 0.7)
    found = prices_of(tariff, np.full(400, 2), words, np.ones(400))
    # Rounded up, each is at most a millionth above.
    assert Decimal(100) <= sum(found) <= Decimal(100) + 400 * Decimal("0.000001")


def test_surcharges_multiply_and_no_price_falls_below_the_ledger() -> None:
    tariff = Tariff(Decimal("0.2"), 2, 1.0, least_usd=Decimal("0.08"))
    assert priced(tariff, [100.0, 100.0], factors=[3.0, 1.0])[0] == "0.600000"
    assert priced(tariff, [1.0, 199.0]) == ["0.160000", "0.398000"]
    assert priced(tariff, [1.0, 199.0], n_wanted=[4, 2])[0] == "0.320000"


def test_what_nobody_measured_counts_as_the_mean_and_nothing_is_free() -> None:
    tariff = Tariff(Decimal("0.2"), 1, 1.0)
    assert priced(tariff, [NAN, 50.0, 150.0])[0] == "0.200000"
    assert priced(tariff, [NAN, NAN]) == ["0.200000", "0.200000"]
    assert priced(tariff, [0.0, 0.0]) == ["0.200000", "0.200000"]
    assert Decimal(priced(tariff, [0.0, 1e6])[0]) > 0
    dear = priced(Tariff(Decimal(10_000), 1), [1.0], factors=[1e4])
    assert Decimal(dear[0]) == DEAREST


@pytest.mark.parametrize(
    "raw",
    [
        "category=medicine x 2\nsource=web site x 1.5\n",
        "  category = medicine  * 2\n\nsource=web site\N{MULTIPLICATION SIGN}1.5",
        {"category=medicine": 2, "source=web site": "1.5"},
    ],
)
def test_surcharges_are_read_as_text_and_as_an_object(raw: object) -> None:
    found = read_surcharges(raw)
    assert found == {"category=medicine": 2.0, "source=web site": 1.5}
    assert read_surcharges(written_surcharges(found)) == found


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("medicine twice", "is no surcharge"),
        ("category=medicine", "is no surcharge"),
        ("=medicine x 2", "is no surcharge"),
        ({"medicine": 2}, "is no surcharge"),
        ({"category=\0": 2}, "is no surcharge"),
        ([2], "is no surcharge"),
        ("category=medicine x 0", "from 0.1 to 100; “0” is none"),
        ("category=medicine x -2", "from 0.1 to 100"),
        ({"category=medicine": float("nan")}, "“nan” is none"),
        ({"category=medicine": None}, "“None” is none"),
        ("category=medicine x 1e9", "from 0.1 to 100"),
        ("category=law x 2\ncategory = law x 3", "stands twice"),
        ("\n".join(f"category=v{n} x 2" for n in range(21)), "20 surcharges at most"),
    ],
)
def test_what_is_no_surcharge_is_told_in_a_sentence(raw: object, said: str) -> None:
    with pytest.raises(SurchargeError, match=said.replace(".", r"\.")) as caught:
        read_surcharges(raw)
    assert str(caught.value).endswith(".")
