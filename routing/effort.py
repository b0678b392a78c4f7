"""PURE: how long people's labels take, and when they are there at the present pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from statistics import fmean, stdev

# Silent reading of non-fiction: Brysbaert (2019), How many words do we read per minute?
WORDS_A_MINUTE = 238
# What a decision takes beside reading; nobody has measured it here.
DECIDE_S = 20.0
LEAST_ANSWERS = 10
# So many answers in each third of the lengths tell how time grows with words.
LEAST_OF_THIRD = 20
# Lengths that hardly differ tell no slope.
LEAST_SPREAD = 1.5
LEAST_PACE = 10
LEAST_DAYS = 3
# At most by this factor is a pace uncertain.
MOST_FACTOR = 4.0
Z = 1.96


@dataclass(frozen=True)
class Third:
    """Answers to items of one third of the lengths: medians of words and seconds."""

    n: int
    words: float
    seconds: float


@dataclass(frozen=True)
class Timing:
    """How long an answer takes: `base_s` and `word_s` for each word, in seconds.

    `n`: the answers that it was measured on; 0 = it is assumed.
    """

    base_s: float
    word_s: float
    n: int

    def seconds(self, n_answers: float, mean_words: float) -> float:
        """Return the time of so many answers to items of such a mean length."""
        return n_answers * (self.base_s + self.word_s * mean_words)


ASSUMED = Timing(DECIDE_S, 60.0 / WORDS_A_MINUTE, 0)


def timing_of(n: int, median_s: float, thirds: Sequence[Third]) -> Timing:
    """Return how long answers take, by length where they tell it.

    Few answers are no measure: then it is assumed. The line goes through the medians of
    the outer thirds, so that a forgotten open page moves nothing.

    Parameters
    ----------
    thirds : Sequence[Third]
        By rising length; fewer than three where lengths are not known.

    References
    ----------
    Tukey (1977), Exploratory data analysis, chapter 10: the resistant line.
    """
    if n < LEAST_ANSWERS:
        return ASSUMED
    flat = Timing(median_s, 0.0, n)
    if len(thirds) < 3 or min(one.n for one in thirds) < LEAST_OF_THIRD:
        return flat
    short, long = thirds[0], thirds[-1]
    if long.words < LEAST_SPREAD * max(short.words, 1.0):
        return flat
    slope = (long.seconds - short.seconds) / (long.words - short.words)
    if slope <= 0:
        return flat
    base = fmean(one.seconds - slope * one.words for one in thirds)
    return Timing(max(base, 0.0), slope, n)


@dataclass(frozen=True)
class Ready:
    """In how many days so many answers are there; 95 % of `low` to `high`."""

    days: int
    low: int
    high: int


def ready_in(n_answers: float, per_day: float, days: Sequence[int]) -> Ready | None:
    """Return when so many answers are there at the present pace; None without one.

    Parameters
    ----------
    per_day : float
        The mean of the last days.
    days : Sequence[int]
        Answers on each day since the first one; the last is today, which is not over.
    """
    if sum(days) < LEAST_PACE or per_day <= 0:
        return None
    factor = _factor(days)
    mean = n_answers / per_day
    return Ready(
        max(ceil(mean), 1), max(ceil(mean / factor), 1), max(ceil(mean * factor), 1)
    )


def _factor(days: Sequence[int]) -> float:
    """Return by which factor the pace is uncertain, from how days differ."""
    whole = days[:-1] if len(days) > LEAST_DAYS else days
    spread = 1.0
    if len(whole) >= LEAST_DAYS and fmean(whole) > 0:
        spread = max(stdev(whole) / fmean(whole), 1 / sqrt(sum(whole)))
    return exp(min(Z * spread / sqrt(max(len(whole), 1)), log(MOST_FACTOR)))
