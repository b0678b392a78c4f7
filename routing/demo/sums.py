"""PURE: sums of everyday life, each with its answer and with a slip that people make.

Called by routing.demo. Numbers are drawn; the same generator gives the same sums.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Sum:
    """A question; what is right, worked out; what is wrong; how hard it is."""

    level: str
    ask: str
    right: str
    slip: str


def sums(rng: random.Random, n_each: int) -> Iterator[Sum]:
    """Yield so many different sums of each kind, the kinds in turn."""
    seen: set[str] = set()
    for _ in range(n_each):
        for make in _KINDS:
            found = make(rng)
            while found.ask in seen:
                found = make(rng)
            seen.add(found.ask)
            yield found


def _recipe(rng: random.Random) -> Sum:
    thing = rng.choice(("flour", "rice", "lentils", "potatoes", "butter"))
    people, guests = rng.choice((2, 4, 5)), rng.choice((3, 6, 7, 9, 11))
    grams = people * rng.choice((40, 60, 70, 90, 120))
    each = grams // people
    return Sum(
        "easy",
        f"A recipe for {people} people takes {grams} g of {thing}. We are {guests}."
        " How much do I need?",
        f"{grams} g for {people} people is {each} g each, and {guests} times {each} g"
        f" is {guests * each} g.",
        f"You need {grams + 10 * (guests - people)} g, which is the amount of the"
        " recipe and a little more for the others.",
    )


def _train(rng: random.Random) -> Sum:
    start, length = rng.randrange(360, 1000), rng.randrange(75, 290)
    hours, minutes = divmod(length, 60)
    return Sum(
        "easy",
        f"My train leaves at {_clock(start)} and takes {hours} h {minutes} min. When do"
        " I arrive?",
        f"{hours} h later it is {_clock(start + 60 * hours)}, and {minutes} min after"
        f" that {_clock(start + length)}.",
        f"You arrive at {_clock(start + 60 * hours + max(minutes - 20, 2))}.",
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _discount(rng: random.Random) -> Sum:
    price = 20 * rng.randrange(2, 13)
    first, second = rng.choice((15, 20, 25, 30)), rng.choice((5, 10, 20))
    once = price * (100 - first) / 100
    twice = once * (100 - second) / 100
    wrong = price * (100 - first - second) / 100
    return Sum(
        "hard",
        f"A coat for {price} euros is reduced by {first} %, and at the till another"
        f" {second} % come off. What do I pay?",
        f"After {first} % it costs {once:.2f} euros, and {second} % off that leaves"
        f" {twice:.2f} euros.",
        f"Together that is {first + second} % off, so you pay {wrong:.2f} euros.",
    )


def _tiles(rng: random.Random) -> Sum:
    long, wide = rng.randrange(26, 58), rng.randrange(21, 43)
    area = long * wide
    box = rng.choice((120, 150, 180))
    n_boxes = -(-area // box)
    return Sum(
        "hard",
        f"A floor is {long / 10} m by {wide / 10} m, and a box of tiles covers"
        f" {box / 100} square metres. How many boxes do I buy?",
        f"The floor has {area / 100:.2f} square metres. Divided by {box / 100} that is"
        f" {area / box:.2f}, so you need {n_boxes} boxes.",
        f"{area / 100:.2f} divided by {box / 100} is about {n_boxes - 1}, so buy"
        f" {n_boxes - 1} boxes.",
    )


def _bill(rng: random.Random) -> Sum:
    people, tip = rng.choice((3, 4, 5, 6)), rng.choice((5, 10, 15))
    bill = 6 * rng.randrange(8, 40)
    total = bill * (100 + tip) / 100
    return Sum(
        "easy",
        f"We are {people}, the bill is {bill} euros, and we tip {tip} %. What does each"
        " of us pay?",
        f"With the tip it is {total:.2f} euros, which is {total / people:.2f} euros"
        " each.",
        f"Each of you pays {bill / people:.2f} euros, with the tip in it.",
    )


def _fuel(rng: random.Random) -> Sum:
    way, litres = 20 * rng.randrange(6, 45), rng.randrange(48, 92) / 10
    price = rng.randrange(155, 199) / 100
    used = way * litres / 100
    return Sum(
        "hard",
        f"My car takes {litres} litres on 100 km, and a litre costs {price:.2f} euros."
        f" What do {way} km cost?",
        f"{way} km take {used:.1f} litres, and at {price:.2f} euros these cost"
        f" {used * price:.2f} euros.",
        f"That is {way / 100:.1f} times {price:.2f}, so {way / 100 * price:.2f} euros.",
    )


_KINDS: tuple[Callable[[random.Random], Sum], ...] = (
    _recipe,
    _train,
    _discount,
    _tiles,
    _bill,
    _fuel,
)
