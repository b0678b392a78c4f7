"""PURE: quotas by profile stratum and by item category: what they say, what they allow.

Step assign. A quota sorts people into cells by their answers to one or several survey
questions, or items by their category, and bounds what each cell may give. Where the
counts are kept, and how a claim respects them, is services.quotas.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from annotation.allocation.bands import band_of, fault, labels
from annotation.answers import Problem
from annotation.words import gettext as _
from annotation.words import join_and

Kind: TypeAlias = Literal[
    "per_item", "at_least", "exact", "people", "category", "category_each"
]
KINDS: tuple[Kind, ...] = (
    "per_item",
    "at_least",
    "exact",
    "people",
    "category",
    "category_each",
)
OF_STRATA = ("per_item", "at_least", "exact", "people")
ELSE = "anything else"
NO_ANSWER = "no answer"
# The rest of a minimum. It begins keys of the database, so it is never translated:
# whoever comes in another language must find the cell that an owner opened.
BUT = "anything but "
BETWEEN = " × "  # noqa: RUF001  # the sign, as owners read it
MOST_QUESTIONS = 4
MOST_CELLS = 500


@dataclass(frozen=True)
class Quota:
    """One quota.

    `kind`: *per_item* allows `n` answers per item from one cell; *at_least* wants
    `amounts` per cent of all answers from each cell named; *exact* wants exactly those
    per cents, and nothing from other cells while they add up to 100; *people* lets
    `amounts` people of each cell take part, or `n` of every cell where none is named;
    *category* takes at most `amounts` per cent of all answers for items of each
    category; *category_each* takes at most `n` answers per person and category.
    `groups[question][value]` is the group in which a value counts; a question with
    groups counts other values as ELSE. `bands[question]` are the numbers at which the
    bands of a question that asks for a number begin.
    """

    kind: Kind
    questions: tuple[str, ...] = ()
    n: int = 0
    amounts: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bands: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """A cell with its bounds, in answers (for *people*: in persons).

    `n_limit` None: it is counted only. `is_rest`: everybody not in another cell.
    """

    key: str
    n_limit: int | None
    n_least: int = 0
    is_rest: bool = False


class InvalidQuotasError(ValueError):
    """The list of quotas is malformed; `problems` names each fault at its field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = list(problems)


# --- reading -------------------------------------------------------------------------


def parse_quotas(raw: object, values: Mapping[str, Sequence[str]]) -> tuple[Quota, ...]:
    """Turn the stored JSON list into quotas.

    Parameters
    ----------
    raw : object
        A list of objects with the fields of `Quota`.
    values : mapping of str to sequence of str
        What the questions that make strata can be answered; nothing for a number.

    Raises
    ------
    InvalidQuotasError
        With every fault found; `path` is `quotas[k].field`.
    """
    if not isinstance(raw, (list, tuple)):
        raise InvalidQuotasError([Problem("quotas", _("Quotas are a list."))])
    problems: list[Problem] = []
    quotas: list[Quota] = []
    for place, entry in enumerate(raw):
        path = f"quotas[{place}]"
        if not isinstance(entry, Mapping) or entry.get("kind") not in KINDS:
            kinds = ", ".join(KINDS)
            problems.append(
                Problem(
                    f"{path}.kind",
                    _("Kind must be one of {kinds}.").format(kinds=kinds),
                )
            )
            continue
        quota, faults = _quota(entry, path)
        problems += faults or _faults(quota, path, values)
        quotas.append(quota)
    if problems:
        raise InvalidQuotasError(problems)
    return tuple(quotas)


def read_quotas(raw: Sequence[Mapping[str, Any]]) -> tuple[Quota, ...]:
    """Return quotas that were checked before, whatever the survey asks by now."""
    return tuple(_quota(entry, "")[0] for entry in raw)


def _quota(entry: Mapping[str, Any], path: str) -> tuple[Quota, list[Problem]]:
    problems = []
    amounts: dict[str, float] = {}
    given = entry.get("amounts") or {}
    for key, amount in given.items() if isinstance(given, Mapping) else ():
        is_number = isinstance(amount, (int, float)) and not isinstance(amount, bool)
        if is_number and math.isfinite(amount) and 0 <= amount <= 10**9:
            amounts[str(key)[:200]] = amount
        else:
            said = _("“{key}” needs a number, 0 or more; {amount!r} is none.").format(
                key=key, amount=amount
            )
            problems.append(Problem(f"{path}.amounts", said))
    n = entry.get("n") or 0
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= 10**6:
        problems.append(Problem(f"{path}.n", _("Give a whole number from 1.")))
        n = 0
    asked = entry.get("questions") or ()
    groups = entry.get("groups") or {}
    bands, faults = _bands(entry.get("bands") or {}, path)
    problems += faults
    quota = Quota(
        kind=entry["kind"],
        questions=tuple(str(name) for name in asked if name),
        n=n,
        amounts=amounts,
        groups={
            str(name): {str(value): str(group) for value, group in of.items()}
            for name, of in (groups.items() if isinstance(groups, Mapping) else ())
            if isinstance(of, Mapping) and of
        },
        bands=bands,
    )
    return quota, problems


def _bands(
    given: object, path: str
) -> tuple[dict[str, tuple[int, ...]], list[Problem]]:
    bands, problems = {}, []
    for name, cuts in given.items() if isinstance(given, Mapping) else ():
        said = (
            fault(cuts) if isinstance(cuts, (list, tuple)) else _("Bands are a list.")
        )
        if said:
            problems.append(Problem(f"{path}.bands", said))
        else:
            bands[str(name)] = tuple(cuts)
    return bands, problems


def _faults(
    quota: Quota, path: str, values: Mapping[str, Sequence[str]]
) -> list[Problem]:
    problems = []
    if quota.kind in OF_STRATA:
        problems += _question_faults(quota, path, values)
    if quota.kind in ("per_item", "category_each") and quota.n < 1:
        problems.append(Problem(f"{path}.n", _("Say how many answers: 1 or more.")))
    if quota.kind == "people" and not quota.amounts and quota.n < 1:
        problems.append(Problem(f"{path}.n", _("Say how many people: 1 or more.")))
    if quota.kind in ("at_least", "exact", "category"):
        problems += _share_faults(quota, path)
    if not problems and quota.kind in OF_STRATA:
        problems += _cell_faults(quota, path, values)
    return problems


def _question_faults(
    quota: Quota, path: str, values: Mapping[str, Sequence[str]]
) -> list[Problem]:
    if not quota.questions:
        said = _("Choose the questions of the survey that this quota goes by.")
        return [Problem(f"{path}.questions", said)]
    if len(quota.questions) > MOST_QUESTIONS:
        said = _("At most {most_questions} questions can be crossed.").format(
            most_questions=MOST_QUESTIONS
        )
        return [Problem(f"{path}.questions", said)]
    problems = []
    for name in quota.questions:
        if name not in values:
            said = _(
                "The survey has no choice of one, no country, no number "
                "and no categorised words called {name!r}. Choose another "
                "question, or add it to the survey first."
            ).format(name=name)
            problems.append(Problem(f"{path}.questions", said))
        elif not values[name] and name not in quota.bands:
            said = _(
                "{name!r} is a number: say at which numbers its bands begin."
            ).format(name=name)
            problems.append(Problem(f"{path}.bands", said))
    for name in quota.bands:
        if name not in quota.questions or values.get(name):
            said = _(
                "{name!r} is no number that this quota goes by: leave its bands out."
            ).format(name=name)
            problems.append(Problem(f"{path}.bands", said))
    for name, groups in quota.groups.items():
        for value in groups:
            if name not in quota.questions or value not in values.get(name, ()):
                said = _(
                    "“{value}” is no answer that a grouped question offers."
                ).format(value=value)
                problems.append(Problem(f"{path}.groups", said))
    return problems


def _share_faults(quota: Quota, path: str) -> list[Problem]:
    at = f"{path}.amounts"
    if not quota.amounts:
        return [Problem(at, _("Name at least one cell and its per cent."))]
    total = sum(quota.amounts.values())
    if total > 100 + 1e-6:
        said = _("The shares add up to {total:g} %; they may be 100 % at most.").format(
            total=total
        )
        return [Problem(at, said)]
    if len(quota.amounts) > MOST_CELLS:
        return [
            Problem(
                at,
                _("At most {most_cells} cells can be named.").format(
                    most_cells=MOST_CELLS
                ),
            )
        ]
    return []


def _cell_faults(
    quota: Quota, path: str, values: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """Say which cells nobody can be in."""
    parts = [outcomes(quota, name, values) for name in quota.questions]
    problems = []
    for key in quota.amounts:
        found = key.split(BETWEEN)
        if key == ELSE or (
            len(found) == len(parts)
            and all(part in of for part, of in zip(found, parts, strict=True))
        ):
            continue
        said = _(
            "No answer to the survey leads to the cell “{key}”. Its parts "
            "must be answers of {questions}, in this order, with "
            "“{between}” between them."
        ).format(key=key, questions=join_and(quota.questions), between=BETWEEN.strip())
        problems.append(Problem(f"{path}.amounts", said))
    return problems


def outcomes(
    quota: Quota, question: str, values: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return what a question's answer can count as in this quota."""
    if question in quota.bands:
        return (*labels(quota.bands[question]), NO_ANSWER)
    groups = quota.groups.get(question)
    if not groups:
        return (*values.get(question, ()), NO_ANSWER)
    return (*dict.fromkeys(groups.values()), ELSE, NO_ANSWER)


# --- cells ---------------------------------------------------------------------------


def keys_of(quota: Quota, profile: Mapping[str, str]) -> tuple[str, ...]:
    """Return the cells in which a person counts; `profile` has answered questions."""
    if quota.kind not in OF_STRATA:
        return ()
    key = BETWEEN.join(_part(quota, name, profile) for name in quota.questions)
    if quota.kind == "at_least":
        own = (key,) if key in quota.amounts else ()
        return (*own, *(_but(other) for other in quota.amounts if other != key))
    if quota.kind == "exact" and key not in quota.amounts:
        return (ELSE,)
    if quota.kind == "people" and quota.amounts and key not in quota.amounts:
        return ()
    return (key,)


def _part(quota: Quota, question: str, profile: Mapping[str, str]) -> str:
    if question not in profile:
        return NO_ANSWER
    if question in quota.bands:
        is_number = profile[question].isdecimal()
        number = int(profile[question]) if is_number else 0
        return band_of(number, quota.bands[question]) if is_number else ELSE
    groups = quota.groups.get(question)
    return groups.get(profile[question], ELSE) if groups else profile[question]


def _but(key: str) -> str:
    return BUT + key


def cells_of(quota: Quota, n_wanted: int) -> tuple[Cell, ...]:
    """Return the cells whose bounds are known beforehand, for `n_wanted` answers.

    Cells of *per_item*, and of *people* with one bound for all, come up with the
    people; see `bound_of`.
    """
    amounts = quota.amounts
    if quota.kind == "exact":
        return _exact(amounts, n_wanted)
    if quota.kind == "at_least":
        cells = []
        for key, percent in amounts.items():
            n_least = _at_least(percent, n_wanted)
            cells += [
                Cell(key, None, n_least),
                Cell(_but(key), n_wanted - n_least, is_rest=True),
            ]
        return tuple(cells)
    if quota.kind == "people":
        return tuple(Cell(key, int(amount)) for key, amount in amounts.items())
    if quota.kind == "category":
        limits = largest_remainder(list(amounts.values()), n_wanted)
        return tuple(map(Cell, amounts, limits))
    return ()


def bound_of(quota: Quota) -> int:
    """Return the bound of a cell that no amount names."""
    return quota.n


def _exact(amounts: Mapping[str, float], n_wanted: int) -> tuple[Cell, ...]:
    limits = largest_remainder(list(amounts.values()), n_wanted)
    cells = [Cell(key, n, n) for key, n in zip(amounts, limits, strict=True)]
    if ELSE not in amounts:
        cells.append(Cell(ELSE, n_wanted - sum(limits), is_rest=True))
    return tuple(cells)


def _at_least(percent: float, n_wanted: int) -> int:
    # Rounded first: 55 % of 100 must not become 56 by the last bit of a float.
    return math.ceil(round(percent * n_wanted / 100, 6))


def largest_remainder(percents: Sequence[float], n: int) -> list[int]:
    """Share `n` out by per cent; where they make 100, the parts add up to `n`.

    Every part is its share rounded down, and the largest remainders get one more
    until the sum of the shares, rounded, is reached.

    References
    ----------
    Hamilton's method; Balinski and Young, Fair Representation (1982), chapter 2.
    """
    exact = [round(percent * n / 100, 6) for percent in percents]
    parts = [math.floor(share) for share in exact]
    n_left = min(round(sum(exact)), n) - sum(parts)
    by_rest = sorted(range(len(exact)), key=lambda k: (parts[k] - exact[k], k))
    for k in by_rest[: max(n_left, 0)]:
        parts[k] += 1
    return parts


# --- can it be done? -----------------------------------------------------------------


def doubts(
    quotas: Sequence[Quota], values: Mapping[str, Sequence[str]], overlap: int
) -> list[str]:
    """Return, as sentences, what would leave items unfinished."""
    found = []
    for quota in quotas:
        if quota.kind != "per_item":
            continue
        cells = _possible_cells(quota, quotas, values)
        if cells * quota.n < overlap:
            found.append(
                _(
                    "An item wants {overlap} answers, but {cells} groups of "
                    "{questions} with {n} each give {most} at most: no item "
                    "can be finished. Allow more per item, name more groups, "
                    "or want fewer answers."
                ).format(
                    overlap=overlap,
                    cells=cells,
                    questions=join_and(quota.questions),
                    n=quota.n,
                    most=cells * quota.n,
                )
            )
    return found


def _possible_cells(
    quota: Quota, quotas: Sequence[Quota], values: Mapping[str, Sequence[str]]
) -> int:
    """Return how many cells can give answers, as far as other quotas let them."""
    n = math.prod(len(outcomes(quota, name, values)) for name in quota.questions)
    for other in quotas:
        parts = [(one.questions, one.groups, one.bands) for one in (other, quota)]
        is_same = parts[0] == parts[1]
        if other.kind == "exact" and is_same and sum(other.amounts.values()) > 99.999:
            n = min(n, sum(amount > 0 for amount in other.amounts.values()))
    return n


def describe(quota: Quota) -> str:
    """Return a quota as a sentence."""
    by = BETWEEN.join(quota.questions)
    named = ", ".join(f"{key} {amount:g}" for key, amount in quota.amounts.items())
    words = {
        "per_item": _("At most {n} answers per item from one cell of {by}.").format(
            n=quota.n, by=by
        ),
        "at_least": _("At least this per cent of all answers by {by}: {named}.").format(
            by=by, named=named
        ),
        "exact": _("Exact shares of all answers by {by}.").format(by=by),
        "people": (
            _("People who may take part by {by}: {named}.").format(by=by, named=named)
            if named
            else _("At most {n} people may take part from one cell of {by}.").format(
                n=quota.n, by=by
            )
        ),
        "category": _("Per cent of all answers by item category: {named}.").format(
            named=named
        ),
        "category_each": _("At most {n} answers per person and item category.").format(
            n=quota.n
        ),
    }
    return words[quota.kind]
