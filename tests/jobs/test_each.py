"""Work for many projects: one that fails keeps no other from its turn."""

import pytest

from annotation.services.each import for_each


def test_the_rest_is_done_and_every_failure_is_told() -> None:
    done = []

    def work(number: int) -> None:
        if number % 2 == 0:
            raise ValueError(f"{number} is even.")
        done.append(number)

    with pytest.raises(ExceptionGroup) as told:
        for_each(range(5), work)
    assert done == [1, 3]
    assert list(map(str, told.value.exceptions)) == [
        "0 is even.",
        "2 is even.",
        "4 is even.",
    ]


def test_nothing_is_raised_where_nothing_failed() -> None:
    done: list[int] = []
    for_each(range(2), done.append)
    assert done == [0, 1]
