"""Edit a list of typed objects in a plain form: add, remove, move, change.

A list such as the questions of a project is shown as cards. Every button sends the
whole form and gets it back changed; only “save” stores anything. So it works by
keyboard, without script, and nothing is lost on the way.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.text import slugify

from annotation.answers import Problem
from annotation.views.card_actions import act
from annotation.views.card_rules import rename_rules, show_rule
from annotation.views.card_types import (
    MAX_CARDS,
    Card,
    CardKind,
    FieldSpec,
    Read,
    ShownCard,
    ShownCards,
    ShownField,
    kind_of,
)
from annotation.words import gettext as _

# A longer scale has its words on lines, each with its mark.
MAX_GRADES = 11
Cards = Sequence[Mapping[str, Any]]


# --- from the form ------------------------------------------------------------------


def read_cards(data: QueryDict, root: str, kinds: Sequence[CardKind]) -> Read:
    """Read the cards that a form sent, and do what its button `do` asks for.

    The buttons are those of `card_actions.act`; another value changes nothing.
    """
    problems: list[Problem] = []
    cards = _read_list(data, root, tuple(kinds), problems)
    rename_rules(data, root, cards)
    done = act(
        cards,
        data.get("do", ""),
        root,
        tuple(kinds),
        removed=data.get("removed", ""),
        name=_name,
    )
    return Read(cards, problems, done.focus, done.removed)


def _read_list(
    data: QueryDict, path: str, kinds: tuple[CardKind, ...], problems: list[Problem]
) -> list[Card]:
    number = data.get(f"{path}.n", "0")
    n_cards = (
        min(int(number), MAX_CARDS) if number.isascii() and number.isdigit() else 0
    )
    cards = []
    for place in range(n_cards):
        at = f"{path}[{place}]"
        kind = kind_of(kinds, data.get(f"{at}.type", ""))
        card: Card = {"type": kind.type} if kind.type else {}
        for spec in kind.fields:
            value = _read_field(data, f"{at}.{spec.name}", spec, problems)
            if spec.kind != "rule" or value:
                card[spec.name] = value
        cards.append(card)
    _name(cards)
    return cards


def _read_field(
    data: QueryDict, path: str, spec: FieldSpec, problems: list[Problem]
) -> Any:
    text = data.get(path, "").replace("\r\n", "\n").replace("\x00", "").strip()
    if spec.kind == "tick":
        return path in data
    if spec.kind == "ticks":
        ticked = data.getlist(path)
        return [value for value, _ in spec.choices if str(value) in ticked]
    if spec.kind == "cards":
        return _read_list(data, path, spec.kinds, problems)
    if spec.kind == "rule":
        asked = data.get(f"{path}.question", "")
        answers = data.getlist(f"{path}.answers")
        return {"question": asked, "answers": answers} if asked else None
    if spec.kind == "list":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if spec.kind == "marks":
        return _read_marks(text, path, problems) | _read_grades(data, path)
    if spec.kind == "choice":
        chosen = (value for value, _ in spec.choices if str(value) == text)
        return next(chosen, spec.default)
    if spec.kind == "number":
        if re.fullmatch(r"-?[0-9]{1,6}", text):
            return int(text)
        problems.append(
            Problem(path, _("“{label}” is a whole number.").format(label=spec.label))
        )
        return spec.default
    return text


def _read_marks(text: str, path: str, problems: list[Problem]) -> dict[str, str]:
    marks: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        found = re.fullmatch(r"(-?[0-9]{1,4})\s*[:=.]\s*(.+)", line)
        if found:
            marks[str(int(found[1]))] = found[2]
        else:
            problems.append(
                Problem(
                    path,
                    _("“{line}” is not a number, a colon and words.").format(line=line),
                )
            )
    return marks


def _read_grades(data: QueryDict, path: str) -> dict[str, str]:
    """Return the words of the marks that have a field each."""
    grades = {}
    for key in data:
        found = re.fullmatch(rf"{re.escape(path)}\.(-?[0-9]{{1,4}})", key)
        words = data.get(key, "").replace("\x00", "").strip() if found else ""
        if found and words:
            grades[str(int(found[1]))] = words
    return grades


def _name(cards: list[Card]) -> None:
    """Give each card without a name one made of its title, free in the list."""
    taken = {card.get("name") for card in cards}
    for card in cards:
        if "name" not in card or card["name"]:
            continue
        base = slugify(card.get("title", "")).replace("-", "_")[:40].strip("_")
        if not base.isidentifier():
            base = f"{card.get('type', 'entry')}_{base}".strip("_")
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        card["name"] = name if card.get("title") else ""


# --- to the page --------------------------------------------------------------------


def show_cards(
    cards: Cards,
    root: str,
    kinds: Sequence[CardKind],
    problems: Sequence[Problem] = (),
) -> ShownCards:
    """Return the cards as the template shows them, each problem at its place."""
    faults: dict[str, str] = {}
    for problem in settle(problems, cards, root, kinds):
        faults[problem.path] = (
            f"{faults.get(problem.path, '')} {problem.message}".strip()
        )
    return _show_list(cards, root, tuple(kinds), faults, within={})


def settle(
    problems: Sequence[Problem], cards: Cards, root: str, kinds: Sequence[CardKind]
) -> list[Problem]:
    """Return the problems, each at a field or card that the page has."""
    known = {root, *_ids(cards, root, tuple(kinds))}
    return [Problem(_nearest(one.path, known), one.message) for one in problems]


def _ids(cards: Cards, path: str, kinds: tuple[CardKind, ...]) -> Iterator[str]:
    for place, card in enumerate(cards):
        yield f"{path}[{place}]"
        for spec in kind_of(kinds, card.get("type", "")).fields:
            at = f"{path}[{place}].{spec.name}"
            yield at
            if spec.kind == "cards":
                yield from _ids(card.get(spec.name) or (), at, spec.kinds)


def _nearest(path: str, known: Collection[str]) -> str:
    while path and path not in known:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return path


def _show_list(
    cards: Cards,
    path: str,
    kinds: tuple[CardKind, ...],
    faults: Mapping[str, str],
    *,
    within: Mapping[str, Any],
) -> ShownCards:
    shown = []
    for place, card in enumerate(cards):
        kind = kind_of(kinds, card.get("type", ""))
        at = f"{path}[{place}]"
        shown.append(
            ShownCard(
                kind=kind,
                id=at,
                place=place,
                is_first=place == 0,
                is_last=place == len(cards) - 1,
                title=str(card.get("title") or card.get("text") or ""),
                fields=tuple(
                    _show_field(
                        card,
                        f"{at}.{spec.name}",
                        spec,
                        faults,
                        before=cards[:place],
                        within=within,
                    )
                    for spec in kind.fields
                ),
                problem=faults.get(at, ""),
                name=str(card.get("name") or ""),
            )
        )
    return ShownCards(path, kinds, tuple(shown))


def _show_field(
    card: Mapping[str, Any],
    path: str,
    spec: FieldSpec,
    faults: Mapping[str, str],
    *,
    before: Cards,
    within: Mapping[str, Any],
) -> ShownField:
    value = card.get(spec.name, spec.default)
    problem = faults.get(path, "")
    if spec.kind == "cards":
        cards = _show_list(value or [], path, spec.kinds, faults, within=card)
        return ShownField(spec, path, None, problem, cards)
    if spec.kind == "rule":
        return ShownField(spec, path, None, problem, rule=show_rule(value, before))
    if spec.kind == "list":
        value = "\n".join(value or [])
    elif spec.kind == "marks":
        grades = _grades(within, value or {})
        if grades:
            return ShownField(spec, path, "", problem, grades=grades)
        pairs = sorted((value or {}).items(), key=lambda pair: int(pair[0]))
        value = "\n".join(f"{mark}: {words}" for mark, words in pairs)
    return ShownField(spec, path, value, problem)


def _grades(
    within: Mapping[str, Any], words: Mapping[str, str]
) -> tuple[tuple[int, str], ...]:
    """Return the marks of a short scale with their words; () for a long one.

    Words for a mark beyond the scale keep their field, so that they can be moved.
    """
    low, high = within.get("low"), within.get("high")
    if type(low) is not int or type(high) is not int or high - low >= MAX_GRADES:
        return ()
    marks = {*range(low, high + 1), *(int(mark) for mark in words)}
    return tuple((mark, words.get(str(mark), "")) for mark in sorted(marks))
