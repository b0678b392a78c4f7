"""PURE: ratings of recipe texts and the lists they were shown from, joined to items.

For data in the form of the recipe generation study: a table of ratings without texts,
and one table of texts for each list, both tab separated.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from annotation.formats.readers import open_rows
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import RowFault
from annotation.formats.types import (
    CompletionDraft,
    FileProblem,
    ItemDraft,
    LabelDraft,
    Message,
    RowProblem,
)

CRITERIA = ("grammar", "fluency", "verbosity", "structure", "success", "overall")
QUESTIONS = (asked.rating(CRITERIA, 1, 6, title="How good is the recipe?"),)
NEEDED = ("listnumber", "participant", "recipeid", "condition", "dish", *CRITERIA)
LABEL_COLUMNS = frozenset((*NEEDED, "filename", "experience"))
# A list, a recipe and a condition: what several participants rated.
Unit: TypeAlias = tuple[str, str, str]


def recipe_items(ratings: Path, lists: Mapping[str, Path]) -> Iterator[ItemDraft]:
    """Yield one item with one completion for each text of each list, with its ratings.

    `lists`: the number of a list, as the ratings name it, to its file. The condition
    (which program wrote the text) becomes the completion's model.

    Raises
    ------
    FileProblem
        If a table cannot be read, or a rating names a text that no list holds.
    """
    labels = _labels(ratings)
    dishes: dict[Unit, tuple[str, str]] = {}
    for number, path in lists.items():
        dishes.update(_texts(number, path))
    missing = sorted(set(labels) - set(dishes))
    if missing:
        raise FileProblem(
            f"The ratings name a text that no list holds: {' / '.join(missing[0])}.",
            "Give the file of every list that the ratings name.",
        )
    for row, (unit, (dish, text)) in enumerate(dishes.items(), start=1):
        number, recipe, condition = unit
        yield ItemDraft(
            row=row,
            messages=(Message("user", f"Write down the recipe: {dish}"),),
            completions=(CompletionDraft(text, model=condition),),
            external_id=f"{number}/{recipe}/{condition}",
            category=dish[:120],
            source=f"list {number}",
            metadata={"recipe": recipe, "condition": condition},
            labels=tuple(labels.get(unit, ())),
        )


def _labels(path: Path) -> dict[Unit, list[LabelDraft]]:
    labels: dict[Unit, list[LabelDraft]] = defaultdict(list)
    with open_rows(path, path.name) as rows:
        lacking = [name for name in NEEDED if name not in rows.columns]
        if lacking:
            raise FileProblem(
                f"{path.name} has no column {lacking[0]!r}.", "Choose the ratings."
            )
        for read in rows:
            if isinstance(read, RowProblem):
                raise FileProblem(f"Row {read.row}: {read.problem}", read.fix)
            number, row = read
            unit = (row["listnumber"], row["recipeid"], row["condition"])
            labels[unit].append(_label(number, row))
    return labels


def _label(number: int, row: Mapping[str, str]) -> LabelDraft:
    try:
        marks = {name: [asked.whole_number(row[name], name)] for name in CRITERIA}
    except RowFault as fault:
        problem = f"Row {number}, {fault.field}: {fault.problem}"
        raise FileProblem(problem, fault.fix) from fault
    experience = row.get("experience", "")
    return LabelDraft(
        annotator=row["participant"],
        is_machine=False,
        answers={"ratings": marks},
        profile={"cooks_from_recipes": experience} if experience else {},
        metadata={
            name: value for name, value in row.items() if name not in LABEL_COLUMNS
        },
        questions=QUESTIONS,
    )


def _texts(number: str, path: Path) -> dict[Unit, tuple[str, str]]:
    texts: dict[Unit, tuple[str, str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(cells) < 4:
                continue
            recipe, dish, condition, text = cells[:4]
            # Two pages of each list hold questions to the participant, no recipe.
            if recipe not in ("experience", "feedback"):
                lines = text.replace("<br>", "\n").strip()
                texts[number, recipe, condition] = (dish, lines)
    return texts
