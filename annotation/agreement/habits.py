"""PURE: signs of haste and of straight-lining in a person's answers, as questions only.

A sign is a reason to look at answers, never a verdict about a person.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from annotation.words import gettext as _
from annotation.words import ngettext

# Median absolute deviation times this estimates a standard deviation (normal data).
MAD_TO_SD = 1.4826
N_DEVIATIONS = 3.0
MIN_POOL = 20
MIN_RUN = 5


@dataclass(frozen=True)
class Run:
    """The longest run of one same answer, and how likely one so long is by chance.

    `p`: probability in [0, 1] of a run of this length or longer somewhere in `n`
    independent answers that are given as often as this person gives them.
    """

    length: int
    n: int
    p: float


def longest_run(answers: Sequence[Hashable]) -> Run:
    """Return the longest run of equal answers with its probability by chance.

    The chance is the one of the commonest answer, q: an upper bound for any answer's
    runs. Exact for runs of one symbol: with f(t) the chance of no run of length k in t
    answers, f(t) = f(t-1) - (1-q) q^k f(t-k-1), f(k) = 1 - q^k.

    References
    ----------
    Feller (1968), An Introduction to Probability Theory I, section XIII.7.
    """
    n = len(answers)
    if not n:
        return Run(0, 0, 1.0)
    best = run = 1
    for before, now in pairwise(answers):
        run = run + 1 if now == before else 1
        best = max(best, run)
    share = max(Counter(answers).values()) / n
    return Run(best, n, _at_least(best, n, share))


def _at_least(k: int, n: int, q: float) -> float:
    """Return P(a run of k or more successes in n trials), each with chance q."""
    if k > n:
        return 0.0
    none = [1.0] * k + [1.0 - q**k]
    for t in range(k + 1, n + 1):
        none.append(none[t - 1] - (1.0 - q) * q**k * none[t - k - 1])
    return min(max(1.0 - none[n], 0.0), 1.0)


def rows_alike(rows: Sequence[Hashable]) -> bool | None:
    """Return whether all rows of a rating grid are the same; None below two rows.

    A row has the marks of all completions under one criterion. One same row under
    every criterion can be an opinion, and it is what a settled hand leaves too.
    """
    return None if len(rows) < 2 else len(set(rows)) == 1


def pace_limit(seconds_per_word: Sequence[float]) -> float | None:
    """Return below which pace an answer counts as very fast; None for too few.

    Three robust deviations below the project's own median on a log scale, where paces
    are nearly symmetric: exp(median(log) - 3 * 1.4826 * MAD(log)). Needs MIN_POOL
    answers with a time above 0.

    References
    ----------
    Leys et al. (2013), Detecting outliers: use absolute deviation around the median.
    """
    logs = [math.log(pace) for pace in seconds_per_word if pace > 0]
    if len(logs) < MIN_POOL:
        return None
    middle = median(logs)
    spread = MAD_TO_SD * median(abs(value - middle) for value in logs)
    return math.exp(middle - N_DEVIATIONS * spread)


def hint_words(
    seconds: Sequence[float], answers: Sequence[Hashable], usual_s: float | None
) -> str:
    """Return a kind line on the last answers, "" where there is nothing to say.

    `seconds`, `answers`: of the last answers, oldest first. `usual_s`: the project's
    median time. Very fast is below a quarter of it; all alike is one same answer to
    ten or more.
    """
    n = len(answers)
    if n < MIN_RUN:
        return ""
    if usual_s and len(seconds) == n and median(seconds) < usual_s / 4:
        typical = max(1, round(median(seconds)))
        return ngettext(
            "Your last {n} answers took about {typical} second each. If that is how "
            "long you need, all is well; else take the time you want.",
            "Your last {n} answers took about {typical} seconds each. If that is how "
            "long you need, all is well; else take the time you want.",
            typical,
        ).format(n=n, typical=typical)
    if n >= 2 * MIN_RUN and len(set(answers)) == 1:
        return _(
            "Your last {n} answers were all the same. That can be right. "
            "If your hand has settled in, a short break helps."
        ).format(n=n)
    return ""
