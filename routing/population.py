"""PURE: the items that an audit stands for, and its shares brought to all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from routing.curve import Estimate


@dataclass(frozen=True)
class Population:
    """The items that the audit stands for.

    `n_drawn_from`: those that the seed was drawn from; `n_known`: beside them, those
    that people had labelled, with `n_known_wrong` AI labels that are not theirs;
    `n_certain`: of both, those that people labelled whatever is routed; `n_since`:
    items that came later, for which it says nothing.
    """

    n_drawn_from: int
    n_known: int
    n_known_wrong: int
    n_certain: int
    n_since: int

    @property
    def n(self) -> int:
        """Return the number of items."""
        return self.n_drawn_from + self.n_known

    def agreement(self, found: Estimate) -> Estimate:
        """Return the share of right AI labels of all, from that of those drawn from."""
        n_right = self.n_known - self.n_known_wrong
        return _mapped(found, lambda v: (n_right + self.n_drawn_from * v) / self.n)

    def accuracy(self, found: Estimate) -> Estimate:
        """Return the share of right labels of all, from that of what is routed."""
        n_routed = self.n - self.n_certain
        return _mapped(found, lambda v: (self.n_certain + n_routed * v) / self.n)


def _mapped(found: Estimate, change: Callable[[float], float]) -> Estimate:
    return Estimate(change(found.mean), change(found.low), change(found.high))
