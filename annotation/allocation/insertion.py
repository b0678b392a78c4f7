"""PURE: when a check or a repeat comes between a person's items.

Step assign. services.insertions asks it for projects that have rules, and keeps the
next places with the person. A place counts the answers a person has given before it.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

Silent: TypeAlias = Literal["monitoring", "attention", "mirror"]
SILENT: tuple[Silent, ...] = get_args(Silent)
# Of all items; where nearly everything is a check, the total is only a guess.
MAX_SHARE = 0.9
ROUNDING = 1e-9
# The least and the greatest value of each rule; 0 switches most of them off.
BOUNDS: Mapping[str, tuple[int, int]] = {
    "n_training": (0, 100),
    "n_qualification": (0, 200),
    "pass_percent": (1, 100),
    "n_attempts": (1, 20),
    "wait_hours": (0, 24 * 90),
    "monitoring_every": (0, 1000),
    "attention_every": (0, 1000),
    "mirror_every": (0, 1000),
    "mirror_after_items": (1, 1000),
    "mirror_after_min": (0, 7 * 24 * 60),
    "hint_every": (0, 1000),
}


@dataclass(frozen=True)
class CheckRules:
    """What a project checks, and how often. All off by default.

    `n_training`: items with feedback before anything else. `n_qualification`: items
    of one attempt; `pass_percent` of them must be right; `n_attempts` in all, with
    `wait_hours` between two. `*_every`: one such item among so many, 0 for none.
    A pair is repeated no earlier than `mirror_after_items` answers and
    `mirror_after_min` minutes after it. `hint_every`: at most one hint to an annotator
    in so many answers.
    """

    n_training: int = 0
    n_qualification: int = 0
    pass_percent: int = 80
    n_attempts: int = 2
    wait_hours: int = 24
    monitoring_every: int = 0
    attention_every: int = 0
    mirror_every: int = 0
    mirror_after_items: int = 20
    mirror_after_min: int = 30
    hint_every: int = 0

    @property
    def has_gate(self) -> bool:
        """Tell whether something comes before the first item."""
        return self.n_training > 0 or self.n_qualification > 0

    @property
    def is_silent(self) -> bool:
        """Tell whether anything is mixed into the items unseen."""
        return any(self.every(kind) for kind in SILENT)

    @property
    def silent_share(self) -> float:
        """Return which share of all that a person meets is mixed in, at most 1."""
        share = sum(1 / every for kind in SILENT if (every := self.every(kind)))
        return min(share, 1.0)

    @property
    def is_off(self) -> bool:
        """Tell whether no rule asks for anything."""
        return not (self.has_gate or self.is_silent or self.hint_every)

    def every(self, kind: Silent) -> int:
        """Return among how many items one of this kind comes; 0 = none."""
        value: int = getattr(self, f"{kind}_every")
        return value

    def to_json(self) -> dict[str, int]:
        """Return what is stored; {} where all is off, which costs a claim nothing."""
        return {} if self.is_off else asdict(self)


def read_rules(raw: Mapping[str, Any]) -> CheckRules:
    """Read stored rules; what is missing has its default."""
    known = {field.name for field in fields(CheckRules)}
    return CheckRules(**{name: int(v) for name, v in raw.items() if name in known})


def next_place(after: int, every: int, seed: str) -> int:
    """Return the next place for one item in `every`, later than `after`.

    Answers are cut into blocks of `every`; each block has one place, drawn anew. So
    the rate is exact, and the place of the next one cannot be told from the last.

    Parameters
    ----------
    after : int
        The place that is taken now, or -1 before the first answer.
    every : int
        At least 1.
    seed : str
        Of the project, the person and the kind of check.
    """
    block = (after + 1) // every
    while True:
        # Not for secrets: the same plan must come of the same seed.
        draw = random.Random(f"{seed}:{block}").randrange(every)  # noqa: S311
        place = block * every + draw
        if place > after:
            return place
        block += 1


def expected_total(rules: CheckRules, n_wanted: int) -> int:
    """Return about how many items a person meets until `n_wanted` of them were data.

    With the share s of silent checks and repeats it is n_wanted / (1 - s), and what
    comes before the first item. It does not depend on what a person has met so far,
    so a number of items left that is made of it gives no check away.
    """
    silent = n_wanted / (1 - min(rules.silent_share, MAX_SHARE))
    return rules.n_training + rules.n_qualification + math.ceil(silent - ROUNDING)


def retry_place(after: int, every: int) -> int:
    """Return when to look again where nothing could be repeated yet."""
    return after + max(1, every // 4)


def shown_order(n_completions: int, seed: str, *, is_fixed: bool) -> list[int]:
    """Return the order in which a check is shown, canonical indexes by place.

    `is_fixed`: as it is stored, since the text of an attention check may name a side.
    """
    order = list(range(n_completions))
    if not is_fixed:
        random.Random(f"{seed}:order").shuffle(order)  # noqa: S311 - as above
    return order
