"""The bars of the histogram of times: every time in one bar, few bars, round widths."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.charts.spread import MAX_BINS, STEPS_S, Bin, bins_of, words_of

TIMES = st.lists(st.floats(0, 10**7), min_size=1, max_size=300)


def test_bars_of_a_case_by_hand() -> None:
    assert bins_of([1.0, 2.0, 2.5, 6.0]) == [
        Bin(0, 1, 1),
        Bin(1, 2, 1),
        Bin(2, 3, 1),
        Bin(3, 4, 0),
        Bin(4, 5, 0),
        Bin(5, 6, 1),
    ]


def test_the_few_longest_share_one_open_bar() -> None:
    bins = bins_of([10.0] * 99 + [4000.0])
    assert bins[-1].is_open
    assert bins[-1].n == 1
    assert bins[-1].start == 10


def test_nobody_gives_no_bars() -> None:
    assert bins_of([]) == []


@given(TIMES)
def test_every_time_lies_in_one_bar(seconds: list[float]) -> None:
    bins = bins_of(seconds)
    assert sum(b.n for b in bins) == len(seconds)
    for b in bins:
        inside = [s for s in seconds if b.start < s <= b.end or s == b.start == 0]
        longer = [s for s in seconds if s > b.start]
        assert b.n == len(longer if b.is_open else inside)


@given(TIMES)
def test_bars_are_few_and_equally_wide(seconds: list[float]) -> None:
    bins = bins_of(seconds)
    assert len(bins) <= MAX_BINS + 1
    widths = {b.end - b.start for b in bins}
    assert len(widths) == 1
    (width,) = widths
    assert width in STEPS_S or width % STEPS_S[-1] == 0


def test_times_are_said_in_words() -> None:
    assert [words_of(s) for s in (0, 45, 60, 125, 3600, 4800)] == [
        "0 s",
        "45 s",
        "1 min",
        "2 min 5 s",
        "1 h",
        "1 h 20 min",
    ]
