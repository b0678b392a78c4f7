"""The form of the quotas: cards of plain fields, read into the stored list and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from annotation.allocation.bands import labels
from annotation.allocation.census import Census, crossed, margins
from annotation.allocation.grid import grid_of
from annotation.allocation.quotas import BETWEEN
from annotation.answers import Problem
from annotation.countries import COUNTRIES
from annotation.words import gettext as _

MOST_CARDS = 40
# How high the field of the cells grows before it scrolls.
FEWEST_LINES, MOST_LINES = 4, 16
CODES = {name.lower(): code for code, name in COUNTRIES.items()}
FIELDS = ("n", "amounts", "groups", "bands")
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Unread:
    """A field's text as it was typed, and the sentences on what is wrong with it."""

    text: str
    faults: Sequence[str]


def read_form(post: QueryDict, values: Values) -> list[dict[str, Any]]:
    """Return the quotas as they would be stored.

    What cannot be read stays in `unread`, by field: the text as it was typed, and what
    is wrong with it. A quota without faults has no such entry.
    """
    quotas = []
    # Five digits are plenty; Python refuses to read thousands.
    n_cards = post.get("n_cards", "")[:5]
    for k in range(min(int(n_cards), MOST_CARDS) if n_cards.isdecimal() else 0):
        typed = {name: post.get(f"q{k}-{name}", "") for name in FIELDS}
        questions = post.getlist(f"q{k}-questions")
        numbers = [name for name in questions if not values.get(name)]
        read = {
            "n": read_n(typed["n"]),
            "amounts": read_table(typed["amounts"]),
            "groups": read_groups(typed["groups"], questions),
            "bands": read_bands(typed["bands"], numbers),
        }
        quota: dict[str, Any] = {"kind": post.get(f"q{k}-kind", "")}
        if questions:
            quota["questions"] = questions
        quota |= {
            name: found
            for name, (found, _faults) in read.items()
            if found not in (None, {})
        }
        if unread := {
            name: Unread(typed[name], faults)
            for name, (_found, faults) in read.items()
            if faults
        }:
            quota["unread"] = unread
        quotas.append(quota)
    return quotas


def faults_of(quotas: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return what could not be read, each at its field."""
    return [
        Problem(f"quotas[{k}].{name}", said)
        for k, quota in enumerate(quotas)
        for name, unread in quota.get("unread", {}).items()
        for said in unread.faults
    ]


def read_n(text: str) -> tuple[int | None, list[str]]:
    """Read a whole number, or nothing."""
    n = text.strip()
    if n.isdecimal() and len(n) < 8:
        return int(n), []
    return None, [_("“{n}” is no whole number.").format(n=n[:20])] if n else []


def read_table(text: str) -> tuple[dict[str, float], list[str]]:
    """Read lines `cell,number`; the last comma, semicolon or tab parts them."""
    found: dict[str, float] = {}
    problems = []
    for number, line in _lines(text):
        at = max(line.rfind(mark) for mark in ",;\t")
        key, amount = line[:at].strip(" \"'"), line[at + 1 :].strip(" %\"'")
        key = BETWEEN.join(_code(part) for part in key.split(BETWEEN))
        try:
            value = float(amount)
        except ValueError:
            value = -1
        if at < 1 or not key or not 0 <= value < 10**9:
            said = _(
                "Line {number}: write a cell, a comma and a number, not “{line}”."
            ).format(number=number, line=line)
            problems.append(said)
        elif key in found:
            said = _("Line {number}: “{key}” stands there twice.").format(
                number=number, key=key
            )
            problems.append(said)
        else:
            found[key] = value
    return found, problems


def read_groups(
    text: str, questions: Sequence[str]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Read lines `answer = group`, or `question: answer = group`, by question.

    A line without a question belongs to the first of the quota's.
    """
    found: dict[str, dict[str, str]] = {}
    problems = []
    for number, line in _lines(text):
        value, sign, group = (part.strip() for part in line.rpartition("="))
        named, _colon, rest = (part.strip() for part in value.partition(":"))
        question = named if named in questions and rest else next(iter(questions), "")
        value = rest if named in questions and rest else value
        if not sign or not value or not group:
            said = _(
                "Line {number}: write an answer, = and its group, not “{line}”."
            ).format(number=number, line=line)
            problems.append(said)
        elif not question:
            said = _(
                "Line {number}: tick the question whose answers “{line}” groups."
            ).format(number=number, line=line)
            problems.append(said)
        else:
            found.setdefault(question, {})[_code(value)] = group[:100]
    return found, problems


def read_bands(
    text: str, questions: Sequence[str]
) -> tuple[dict[str, list[int]], list[str]]:
    """Read lines `18, 25, 35`, or `question: 18, 25, 35`, by question."""
    found: dict[str, list[int]] = {}
    problems = []
    for number, line in _lines(text):
        named, _colon, rest = line.rpartition(":")
        question = named.strip() or next(iter(questions), "")
        cuts = rest.replace(",", " ").replace(";", " ").split()
        if not question or not all(cut.isdecimal() and len(cut) < 10 for cut in cuts):
            said = _(
                "Line {number}: write the question, a colon and the whole "
                "numbers at which bands begin, such as “age: 18, 25, 35”, "
                "not “{line}”."
            ).format(number=number, line=line)
            problems.append(said)
        else:
            found[question] = [int(cut) for cut in cuts]
    return found, problems


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text[:200_000].splitlines(), 1):
        if line.strip():
            yield number, line.strip()[:400]


def _code(part: str) -> str:
    """Return a country's code for its name; other words as they are."""
    return CODES.get(part.strip().lower(), part.strip())


def from_template(name: str, values: Values) -> list[dict[str, Any]]:
    """Return the quotas that a template adds; none where the survey cannot bear it."""
    countries = [question for question in values if "country" in question]
    if name == "country" and countries:
        return [{"kind": "per_item", "questions": countries[:1], "n": 2}]
    if name == "women":
        return [
            {"kind": "at_least", "questions": [question], "amounts": {option: 40.0}}
            for question in ("gender", "sex")
            for option in values.get(question, ())
            if option.lower() in ("female", "woman")
        ][:1]
    if name == "census_crossed":
        found = crossed(values)
        return [_by_census(found)] if found else []
    if name == "census":
        return [_by_census(found) for found in margins(values)]
    if name == "categories":
        return [{"kind": "category_each", "n": 2}]
    return []


def _by_census(census: Census) -> dict[str, Any]:
    quota: dict[str, Any] = {
        "kind": "exact",
        "questions": list(census.questions),
        "amounts": dict(census.shares),
    }
    if census.groups:
        quota["groups"] = dict(census.groups)
    if census.bands:
        quota["bands"] = {name: list(cuts) for name, cuts in census.bands.items()}
    return quota


def filled(quota: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return a quota with equal shares for all cells of its questions' options."""
    keys = [""]
    for question in quota.get("questions", ()):
        options = _cells_of(quota, question, values)
        keys = [f"{k}{BETWEEN}{o}" if k else o for k in keys for o in options]
    keys = [key for key in keys if key][:500]
    each = round(100 / len(keys), 4) if keys else 0
    unread = {k: v for k, v in quota.get("unread", {}).items() if k != "amounts"}
    return {**quota, "amounts": dict.fromkeys(keys, each), "unread": unread}


def _cells_of(quota: Mapping[str, Any], question: str, values: Values) -> Sequence[str]:
    if cuts := quota.get("bands", {}).get(question):
        return labels(cuts)
    groups = quota.get("groups", {}).get(question)
    return list(dict.fromkeys(groups.values())) if groups else values[question]


def cards(
    quotas: Sequence[Mapping[str, Any]],
    problems: Sequence[Problem],
    unfolded: int,
    values: Values,
    rare: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the quotas as the template shows them.

    `unfolded`: the number of the card in hand; a single one, and those with a problem,
    are unfolded too.
    """
    made = [
        _card(k, {**quota, "amounts": _in_order(quota, values)}, problems)
        for k, quota in enumerate(quotas)
    ]
    for k, card in enumerate(made):
        card["by_rare"] = not set(card["questions"]).isdisjoint(rare)
        card["is_open"] = k == unfolded or len(made) == 1 or bool(card["problems"])
    return made


def _card(
    k: int, quota: Mapping[str, Any], problems: Sequence[Problem]
) -> dict[str, Any]:
    amounts = quota.get("amounts", {})
    typed = {name: one.text for name, one in quota.get("unread", {}).items()}
    card = {
        "by": BETWEEN.join(quota.get("questions", ())),
        "n_cells": len(amounts),
        "total": round(sum(amounts.values()), 4),
        "n_lines": min(max(len(amounts), FEWEST_LINES), MOST_LINES),
        "grid": _grid(amounts),
        "at": f"q{k}",
        "number": k + 1,
        "kind": quota.get("kind", ""),
        "questions": quota.get("questions", []),
        "n": quota.get("n", ""),
        "amounts": "\n".join(f"{key},{amount:g}" for key, amount in amounts.items()),
        "groups": "\n".join(
            f"{question}: {value} = {group}"
            for question, of in quota.get("groups", {}).items()
            for value, group in of.items()
        ),
        "bands": "\n".join(
            f"{question}: {', '.join(map(str, cuts))}"
            for question, cuts in quota.get("bands", {}).items()
        ),
        "problems": [
            problem.message
            for problem in problems
            if problem.path.startswith(f"quotas[{k}].")
        ],
    }
    return card | typed


def _in_order(quota: Mapping[str, Any], values: Values) -> dict[str, float]:
    """Return the cells in the order of the survey's answers; the store keeps none."""
    amounts: Mapping[str, float] = quota.get("amounts", {})
    orders = [
        {name: at for at, name in enumerate(_cells_of(quota, question, values))}
        for question in quota.get("questions", ())
        if question in values
    ]

    def place(key: str) -> list[int]:
        parts = key.split(BETWEEN)
        return [
            order.get(part, len(order))
            for order, part in zip(orders, parts, strict=False)
        ]

    return {key: amounts[key] for key in sorted(amounts, key=place)}


def _grid(amounts: Mapping[str, float]) -> dict[str, Any] | None:
    """Return the amounts of crossed questions as columns and rows, if they make any."""
    grid = grid_of(list(amounts))
    if grid is None:
        return None
    given = list(amounts.values())
    rows = [
        (row.label, [None if at is None else given[at] for at in row.places])
        for row in grid.rows
    ]
    return {"columns": grid.columns, "rows": rows}
