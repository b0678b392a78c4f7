"""PURE: which items are asked under two protocols, and which protocol comes first.

Step assign. services.pairings asks it for projects that have a second protocol.
"""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

# The purposes of the two assignments of a pair.
Protocol: TypeAlias = Literal["main", "second_protocol"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
# The least and the greatest value of each rule; a share of 0 switches all off.
BOUNDS: Mapping[str, tuple[int, int]] = {
    "share_percent": (0, 100),
    "after_items": (1, 1000),
    "after_min": (0, 7 * 24 * 60),
    "hold_hours": (1, 14 * 24),
}


@dataclass(frozen=True)
class ProtocolRules:
    """How a project asks items under a second protocol. Off by default.

    `share_percent` of the items, and every one of them of each of its annotators. The
    other form comes no earlier than `after_items` answers and `after_min` minutes
    after the first one, unless there is nothing else left. Where the second protocol
    comes first, the item's place is kept for `hold_hours` after its person was last
    at work.
    """

    share_percent: int = 0
    after_items: int = 10
    after_min: int = 10
    hold_hours: int = 4

    @property
    def is_off(self) -> bool:
        """Tell whether no item is asked twice."""
        return self.share_percent == 0

    def to_json(self) -> dict[str, int]:
        """Return what is stored; {} where it is off, which costs a claim nothing."""
        return {} if self.is_off else asdict(self)


def read_rules(raw: Mapping[str, Any]) -> ProtocolRules:
    """Read stored rules; what is missing has its default."""
    known = {field.name for field in fields(ProtocolRules)}
    return ProtocolRules(**{name: int(v) for name, v in raw.items() if name in known})


def is_chosen(rules: ProtocolRules, item: int, seed: str) -> bool:
    """Tell whether an item is asked under both protocols.

    It depends on the item alone, so all its annotators are asked twice, and a greater
    share only adds items.
    """
    # Not for secrets: the choice must be the same again from the same seed.
    draw = random.Random(f"{seed}:paired:{item}").random()  # noqa: S311
    return 100 * draw < rules.share_percent


def fits(second: str, n_completions: int) -> bool:
    """Tell whether an item can be asked under this protocol beside another.

    A comparison needs two completions; less than two leave nothing to hold together.
    """
    return n_completions == 2 if second == "comparison" else n_completions >= 2


@dataclass(frozen=True)
class Firsts:
    """How often each protocol came first: of a person, and of an item."""

    person_main: int = 0
    person_second: int = 0
    item_main: int = 0
    item_second: int = 0


def first_protocol(before: Firsts, seed: str) -> Protocol:
    """Draw which protocol comes first for one person and item.

    The protocol that was first less often, over the person's items and the item's
    people taken together, comes first now; a coin decides where both were equally
    often. So each person and each item has both orders about equally often. Where an
    item has one answer, that is a coin for every other item of a person and the
    opposite for the one after it.

    Parameters
    ----------
    before : Firsts
        Counts of the pairs made before.
    seed : str
        Of the project, the person and the item.

    References
    ----------
    Taves (1974), Minimization: a new method of assigning patients to treatment and
    control groups, Clin. Pharmacol. Ther. 15, 443-453; with a random choice at ties.
    """
    lead = before.person_main - before.person_second
    lead += before.item_main - before.item_second
    if lead:
        return "second_protocol" if lead > 0 else "main"
    # Not for secrets: see above.
    return random.Random(f"{seed}:first").choice(PROTOCOLS)  # noqa: S311


def n_twice(rules: ProtocolRules, n_items: int) -> int:
    """Return about how many of so many items are asked under both protocols."""
    return round(n_items * rules.share_percent / 100)
