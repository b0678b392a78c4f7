"""PURE: a table with a row for each respondent, turned into items with their answers.

For surveys as SurveyMonkey and its like write them: one header row, or two where a
question has several columns. What a respondent ranked, rated or chose becomes labels;
the other columns become the profile of the person.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.formats.shapes import asked
from annotation.formats.shapes.base import MAX_COMPLETIONS
from annotation.formats.types import (
    CompletionDraft,
    FileProblem,
    ItemDraft,
    LabelDraft,
    Message,
)

NOT_A_COLUMN = "Write the beginning of its title as it stands in the first row."
JOINED = "; "


@dataclass(frozen=True)
class Survey:
    """What the columns of a table of respondents hold, each named by its title.

    A title may be cut short. `ranks`: blocks of places from 1; `rates`: blocks of
    words from `scale` (worst first), where `na` does not apply; `chooses`: columns
    with one of two texts. `leaves_out`: columns that say nothing about the person.
    """

    ranks: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()
    chooses: tuple[str, ...] = ()
    scale: tuple[str, ...] = ()
    na: str = ""
    leaves_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One question of the table: its title, and its columns with their titles."""

    title: str
    columns: Mapping[int, str]


@dataclass
class Respondents:
    """A table of respondents. `n_silent`: those who answered nothing that is taken."""

    path: Path
    survey: Survey
    n_silent: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)

    def items(self) -> Iterator[ItemDraft]:
        """Yield an item for each thing that was ranked, rated or chosen from.

        Raises
        ------
        FileProblem
            If a title or a value is not known; it says which.
        """
        self._read()
        taken = [*self.survey.ranks, *self.survey.rates, *self.survey.chooses]
        used = [self._block(title) for title in (*taken, *self.survey.leaves_out)]
        profile = [block for block in self._blocks if block not in used]
        people = [(row, self._profile(row, profile)) for row in self._rows]
        judged = [column for block in used[: len(taken)] for column in block.columns]
        self.n_silent = sum(not any(row[c] for c in judged) for row in self._rows)
        drafts = [
            *(self._ranked(self._block(title), people) for title in self.survey.ranks),
            *(
                self._rated(self._block(title), column, people)
                for title in self.survey.rates
                for column in self._block(title).columns
            ),
            *(self._chosen(self._block(t), people) for t in self.survey.chooses),
        ]
        for number, draft in enumerate(drafts, start=1):
            yield ItemDraft(row=number, **draft)

    @property
    def n_rows(self) -> int:
        """Return how many respondents the table has."""
        return len(self._rows)

    # --- reading ----------------------------------------------------------------------

    def _read(self) -> None:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(row)]
        if len(rows) < 2:
            raise FileProblem(
                f"{self.path.name} has no respondents.", "Choose another."
            )
        # A second header row names the columns of a question; it has no respondent.
        has_second = not rows[1][0].strip()
        below = rows[1] if has_second else rows[0]
        self._rows = rows[2:] if has_second else rows[1:]
        for number, row in enumerate(self._rows, start=1):
            if len(row) != len(rows[0]):
                raise FileProblem(
                    f"Respondent {number} has {len(row)} cells, and the header"
                    f" {len(rows[0])}.",
                    "Put cells with the separator into quotes.",
                )
        titles: list[tuple[str, dict[int, str]]] = []
        for column, title in enumerate(rows[0][1:], start=1):
            if title.strip() or not titles:
                titles.append((title.strip(), {}))
            titles[-1][1][column] = below[column].strip()
        self._blocks = [Block(title, columns) for title, columns in titles]

    def _block(self, title: str) -> Block:
        found = [block for block in self._blocks if block.title.startswith(title)]
        exact = [block for block in found if block.title == title]
        if len(exact or found) != 1:
            many = "several questions" if found else "no question"
            raise FileProblem(f"There is {many} called {title!r}.", NOT_A_COLUMN)
        return (exact or found)[0]

    def _profile(self, row: Sequence[str], blocks: Sequence[Block]) -> dict[str, str]:
        told = {
            block.title: JOINED.join(row[c].strip() for c in block.columns if row[c])
            for block in blocks
        }
        return {title: value for title, value in told.items() if value}

    # --- what was judged --------------------------------------------------------------

    def _ranked(
        self, block: Block, people: Sequence[tuple[list[str], dict[str, str]]]
    ) -> dict[str, Any]:
        columns = list(block.columns)
        if len(columns) > MAX_COMPLETIONS:
            raise FileProblem(f"{block.title!r} ranks too many things.", NOT_A_COLUMN)
        question = asked.ranking(title=block.title[:200], allow_partial=True)
        labels = []
        for row, profile in people:
            tiers = _tiers([row[column] for column in columns], row[0])
            if tiers:
                answers = {"ranking": {"tiers": tiers, "unacceptable": []}}
                labels.append(_label(row[0], answers, profile, question))
        return _item(block.title, list(block.columns.values()), labels)

    def _rated(
        self,
        block: Block,
        column: int,
        people: Sequence[tuple[list[str], dict[str, str]]],
    ) -> dict[str, Any]:
        marks: dict[str, int | str] = {
            word: mark for mark, word in enumerate(self.survey.scale, start=1)
        }
        marks |= {self.survey.na: "na"} if self.survey.na else {}
        question = asked.rating(
            ("view",), 1, len(self.survey.scale), title=block.title[:200]
        )
        labels = []
        for row, profile in people:
            word = row[column].strip()
            if word and word not in marks:
                text = f"Respondent {row[0]}: {word!r} is not on the scale."
                raise FileProblem(text, "Name every word of the scale, worst first.")
            if word:
                answers = {"ratings": {"view": [marks[word]]}}
                labels.append(_label(row[0], answers, profile, question))
        name = block.columns[column]
        return _item(block.title, [name], labels, suffix=f": {name}")

    def _chosen(
        self, block: Block, people: Sequence[tuple[list[str], dict[str, str]]]
    ) -> dict[str, Any]:
        (column,) = block.columns
        texts = sorted({row[column].strip() for row, _ in people} - {""})
        if len(texts) != 2:
            text = f"{block.title!r} offers {len(texts)} texts, not two."
            raise FileProblem(text, "Name a question with one of two texts.")
        question = asked.comparison(title=block.title[:200], allow_tie=False)
        labels = [
            _label(
                row[0],
                {"preference": {"value": 1 if row[column].strip() == texts[0] else -1}},
                profile,
                question,
            )
            for row, profile in people
            if row[column].strip()
        ]
        return _item(block.title, texts, labels)


def _tiers(cells: Sequence[str], respondent: str) -> list[list[int]]:
    """Return the order of columns by their places; blank ones are left out."""
    by_place: dict[int, list[int]] = {}
    for index, cell in enumerate(cells):
        if not cell.strip():
            continue
        if not cell.strip().isdecimal() or cell.strip() == "0":
            raise FileProblem(
                f"Respondent {respondent}: {cell!r} is not a place.",
                "Write whole numbers from 1, or leave the cell empty.",
            )
        by_place.setdefault(int(cell), []).append(index)
    return [by_place[place] for place in sorted(by_place)]


def _label(
    respondent: str,
    answers: Mapping[str, Any],
    profile: Mapping[str, str],
    question: asked.Question,
) -> LabelDraft:
    return LabelDraft(
        annotator=respondent,
        is_machine=False,
        answers=answers,
        profile=profile,
        questions=(question,),
    )


def _item(
    title: str, texts: Sequence[str], labels: Sequence[LabelDraft], suffix: str = ""
) -> dict[str, Any]:
    return {
        "messages": (Message("user", title),),
        "completions": tuple(CompletionDraft(text) for text in texts),
        "external_id": f"{title[:120]}{suffix}"[:200],
        "labels": tuple(labels),
    }
