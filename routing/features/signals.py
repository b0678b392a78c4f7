"""PURE: what the judges of an item say of its AI label: do they contradict it?"""

from dataclasses import dataclass

import numpy as np

from routing.pairs import Bools, Floats, Ints, Pairs, Words

STATES = ("same", "opposite", "tie", "missing")
# The name of the column of the AI's verdict in the exchanged order.
EXCHANGED = "exchanged order"


@dataclass(frozen=True)
class Signals:
    """Verdicts held against the AI label.

    Attributes
    ----------
    names : tuple of str, length k
        The columns: other judges, then the AI in the exchanged order.
    state : int64 [n, k]
        Index into STATES: what the column says of the AI label. "tie" is a tie against
        a preference, "opposite" all else that differs.
    n_judges : int
        How many of the columns are other judges.
    confidence : float64 [n, c]
        How sure the AI is; NaN where it did not say.
    """

    names: tuple[str, ...]
    state: Ints
    n_judges: int
    confidence: Floats

    @property
    def differs(self) -> Bools:
        """Return whether a column contradicts the AI label: bool [n, k]."""
        return np.asarray((self.state == 1) | (self.state == 2))

    def words(self) -> dict[str, Words]:
        """Return the states in words, by the name of the column: str [n]."""
        named = np.array(STATES)[self.state]
        return dict(zip(self.names, named.T, strict=True))


def signals_of(pairs: Pairs) -> Signals:
    """Hold every verdict against the AI label."""
    columns = {**pairs.judges, **pairs.swapped}
    states = [_state(pairs.ai, said) for said in columns.values()]
    sure = list(pairs.confidence.values())
    return Signals(
        tuple(columns),
        np.stack(states, axis=1) if states else np.zeros((pairs.n, 0), dtype=np.int64),
        len(pairs.judges),
        np.stack(sure, axis=1) if sure else np.zeros((pairs.n, 0)),
    )


def _state(ai: Floats, said: Floats) -> Ints:
    state = np.where(said == ai, 0, 1)
    state = np.where((said == 0) & (ai != 0), 2, state)
    return np.asarray(np.where(np.isnan(said), 3, state), dtype=np.int64)
