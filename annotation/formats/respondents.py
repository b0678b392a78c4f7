"""PURE: a table with a row for each respondent, turned into items with their answers.

For surveys as SurveyMonkey and its like write them: one header row, or two where a
question has several columns. What a respondent ranked, rated or chose becomes labels;
the other columns become the profile of the person.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from annotation.formats.shapes import asked
from annotation.formats.shapes.base import MAX_COMPLETIONS
from annotation.formats.types import (
    CompletionDraft,
    FileProblem,
    ItemDraft,
    LabelDraft,
    Message,
    RowProblem,
)
from annotation.words import gettext as _
from annotation.words import gettext_noop

NOT_A_COLUMN = gettext_noop(
    "Write the beginning of its title as it stands in the first row."
)
TWO_TEXTS = gettext_noop("Name a question with one of two texts.")
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

    def to_json(self) -> dict[str, Any]:
        """Return it as the parameters of a job."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        lists = {k: tuple(v) for k, v in raw.items() if k != "na"}
        return cls(**lists, na=str(raw.get("na", "")))


@dataclass(frozen=True)
class Block:
    """One question of the table: its title, and its columns with their titles."""

    title: str
    columns: Mapping[int, str]


@dataclass
class Respondents:
    """A table of respondents. `n_silent`: those who answered nothing that is taken.

    `problems`: respondents who are left out, since a cell of theirs cannot be read.
    """

    path: Path
    survey: Survey
    n_silent: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    def items(self) -> Iterator[ItemDraft]:
        """Yield an item for each thing that was ranked, rated or chosen from.

        Raises
        ------
        FileProblem
            If a title is not known, or a question cannot be what it is said to be.
        """
        self._read()
        taken = [*self.survey.ranks, *self.survey.rates, *self.survey.chooses]
        used = [self._block(title) for title in (*taken, *self.survey.leaves_out)]
        profile = [block for block in self._blocks if block not in used]
        good = [row for row in self._rows if self._is_good(row)]
        people = [(row, self._profile(row, profile)) for row in good]
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
                _("{name} has no respondents.").format(name=self.path.name),
                _("Choose another."),
            )
        # A second header row names the columns of a question; it has no respondent.
        has_second = not rows[1][0].strip()
        below = rows[1] if has_second else rows[0]
        self._rows = rows[2:] if has_second else rows[1:]
        for number, row in enumerate(self._rows, start=1):
            if len(row) != len(rows[0]):
                self.problems.append(
                    RowProblem(
                        number,
                        "",
                        _(
                            "Respondent {number} has {n} cells, and the header {of}."
                        ).format(number=number, n=len(row), of=len(rows[0])),
                        _("Put cells with the separator into quotes."),
                    )
                )
        self._rows = [row for row in self._rows if len(row) == len(rows[0])]
        titles: list[tuple[str, dict[int, str]]] = []
        for column, title in enumerate(rows[0][1:], start=1):
            if title.strip() or not titles:
                titles.append((title.strip(), {}))
            titles[-1][1][column] = below[column].strip()
        self._blocks = [Block(title, columns) for title, columns in titles]

    def _is_good(self, row: Sequence[str]) -> bool:
        """Tell whether the respondent's places and words can be read; note if not."""
        faults = [
            *(
                (block.title, _place_fault([row[column] for column in block.columns]))
                for block in map(self._block, self.survey.ranks)
            ),
            *(
                (block.columns[column], self._word_fault(row[column].strip()))
                for block in map(self._block, self.survey.rates)
                for column in block.columns
            ),
        ]
        found = next(((name, fault) for name, fault in faults if fault), None)
        if found is None:
            return True
        name, (problem, fix) = found
        number = next(n for n, one in enumerate(self._rows, 1) if one is row)
        said = _("Respondent {name}: {problem}").format(name=row[0], problem=problem)
        self.problems.append(RowProblem(number, name, said, fix))
        return False

    def _word_fault(self, word: str) -> tuple[str, str] | None:
        if not word or word in self.survey.scale or word == self.survey.na:
            return None
        fix = _("Name every word of the scale, worst first.")
        return _("{word!r} is not on the scale.").format(word=word), fix

    def _block(self, title: str) -> Block:
        found = [block for block in self._blocks if block.title.startswith(title)]
        exact = [block for block in found if block.title == title]
        if len(exact or found) != 1:
            said = (
                _("There are several questions called {title!r}.")
                if found
                else _("There is no question called {title!r}.")
            )
            raise FileProblem(said.format(title=title), _(NOT_A_COLUMN))
        return (exact or found)[0]

    def _profile(self, row: Sequence[str], blocks: Sequence[Block]) -> dict[str, str]:
        # Two questions may have one title; neither answer may be lost for it.
        told: dict[str, list[str]] = {}
        for block in blocks:
            cells = [row[c].strip() for c in block.columns if row[c].strip()]
            told.setdefault(block.title, []).extend(cells)
        return {title: JOINED.join(cells) for title, cells in told.items() if cells}

    # --- what was judged --------------------------------------------------------------

    def _ranked(
        self, block: Block, people: Sequence[tuple[list[str], dict[str, str]]]
    ) -> dict[str, Any]:
        columns = list(block.columns)
        if len(columns) > MAX_COMPLETIONS:
            raise FileProblem(
                _("{title!r} ranks too many things.").format(title=block.title),
                _(NOT_A_COLUMN),
            )
        question = asked.ranking(title=block.title[:200], allow_partial=True)
        labels = []
        for row, profile in people:
            tiers = _tiers([row[column] for column in columns])
            if tiers:
                ranking: dict[str, Any] = {"tiers": tiers, "unacceptable": []}
                placed = {index for tier in tiers for index in tier}
                others = [at for at in range(len(columns)) if at not in placed]
                if others:
                    ranking["not_judged"] = others
                answers = {"ranking": ranking}
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
            if word:
                answers = {"ratings": {"view": [marks[word]]}}
                labels.append(_label(row[0], answers, profile, question))
        name = block.columns[column]
        return _item(block.title, [name], labels, suffix=f": {name}")

    def _chosen(
        self, block: Block, people: Sequence[tuple[list[str], dict[str, str]]]
    ) -> dict[str, Any]:
        if len(block.columns) != 1:
            text = _("{title!r} has {n} columns.").format(
                title=block.title, n=len(block.columns)
            )
            raise FileProblem(text, _(TWO_TEXTS))
        (column,) = block.columns
        texts = sorted({row[column].strip() for row, _ in people} - {""})
        if len(texts) != 2:
            text = _("{title!r} offers {n} texts, not two.").format(
                title=block.title, n=len(texts)
            )
            raise FileProblem(text, _(TWO_TEXTS))
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


def _place_fault(cells: Sequence[str]) -> tuple[str, str] | None:
    for cell in cells:
        text = cell.strip()
        if text and not (text.isdecimal() and len(text) < 6 and int(text) > 0):
            fix = _("Write whole numbers from 1, or leave the cell empty.")
            return _("{cell!r} is not a place.").format(cell=cell), fix
    return None


def _tiers(cells: Sequence[str]) -> list[list[int]]:
    """Return the order of columns by their places; blank ones are left out."""
    by_place: dict[int, list[int]] = {}
    for index, cell in enumerate(cells):
        if cell.strip():
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
