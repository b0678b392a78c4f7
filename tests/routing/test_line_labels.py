"""Names of lines stand on their own lines and off all others."""

import numpy as np

from routing.line_labels import HEIGHT, LETTER, Placed, place_names


def overlap(a: tuple[Placed, str], b: tuple[Placed, str]) -> bool:
    (one, name), (other, second) = a, b
    return (
        one.left < other.left + len(second) * LETTER
        and other.left < one.left + len(name) * LETTER
        and abs(one.top - other.top) < HEIGHT
    )


def fan(n: int, steep: float = 0.9) -> list[list[tuple[float, float]]]:
    """Return lines that begin and end together, as strategies do."""
    x = np.linspace(0, 100, 21)
    return [
        [(a, 90 - steep * a - k * 9 * np.sin(np.pi * a / 100)) for a in x.tolist()]
        for k in range(n)
    ]


def test_names_cover_no_line_and_no_name_where_there_is_room() -> None:
    names = ["Learned from the seed", "Random choice", "Oracle: knows every error"]
    lines = [fan(6, steep=0.4)[k] for k in (2, 0, 5)]
    placed = place_names(names, lines)
    both = list(zip(placed, names, strict=True))
    assert not any(overlap(a, b) for a, b in [(both[0], both[1]), (both[1], both[2])])
    for place, name in both:
        assert 0 <= place.left <= 100 - len(name) * LETTER
        assert 0 <= place.top <= 100 - HEIGHT
        x = np.linspace(place.left, place.left + len(name) * LETTER, 50)
        for line in lines:
            y = np.interp(x, *np.array(line).T)
            assert not ((y > place.top) & (y < place.top + HEIGHT)).any()


def test_many_names_stand_apart() -> None:
    names = [f"Way to choose {k}" for k in range(7)]
    both = list(zip(place_names(names, fan(7)), names, strict=True))
    pairs = [(a, b) for i, a in enumerate(both) for b in both[i + 1 :]]
    assert not any(overlap(a, b) for a, b in pairs)


def test_name_longer_than_the_plot_still_has_a_place() -> None:
    (placed,) = place_names(["x" * 300], fan(1))
    assert placed.left < 10
