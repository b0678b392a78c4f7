"""PURE: how strong a preference is that several members hold: by mean and spread.

Called for every ensemble: a jury of judges, and the members of a reward model's head.
"""

from math import ceil, pi, sqrt

from models_service.combining import sigmoid

# What sums of members in another order may differ by.
ROUNDING = 1e-9


def moderated(mean: float, spread: float = 0.0) -> float:
    """Return P(completion 0 is preferred) where its log-odds are not certain.

    The log-odds are taken as normal with the members' mean and standard deviation, and
    the probability is averaged over them: E[sigmoid(z)], z ~ N(mean, spread²), which is
    sigmoid(mean / sqrt(1 + pi spread² / 8)) within 0.02. It never changes the side; the
    further apart the members lie, the nearer it is to 1/2.

    Parameters
    ----------
    mean, spread : float
        Of the members' log-odds of completion 0 over completion 1, in nats.

    References
    ----------
    MacKay (1992), The evidence framework applied to classification networks, Neural
    Computation 4, 720-736: the moderated output.
    Wang et al. (2024), Secrets of RLHF in Large Language Models II: the strength of a
    preference from the mean and the deviation of an ensemble's margins.
    """
    if not spread >= 0:
        raise ValueError(f"{spread!r} is no spread: it is not below 0.")
    return sigmoid(mean / sqrt(1 + pi * spread**2 / 8))


def strength_of(mean: float, spread: float = 0.0) -> float:
    """Return the strength of a preference, in [0, 1]: |2 P - 1|; 0 = none."""
    return abs(2 * moderated(mean, spread) - 1)


def grade_of(mean: float, spread: float, n_steps: int) -> int:
    """Return the strength in steps of a question, at least one, signed by the side.

    0 where the mean is on neither side. Halfway between two steps it is the weaker one.
    """
    if not mean:
        return 0
    steps = max(1, ceil(strength_of(mean, spread) * n_steps - 0.5 - ROUNDING))
    return steps if mean > 0 else -steps
