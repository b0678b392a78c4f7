"""The one bridge from the database to numpy: what people chose, as codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotation.answers import Question
from annotation.models import Project
from annotation.selectors import blind
from annotation.selectors.choices import choice_sql

MISSING = -1
BATCH = 10_000


@dataclass(frozen=True)
class ChoiceTable:
    """The choices on items that two people or more have answered.

    Attributes
    ----------
    codes : int16, shape [n_items, n_most]
        Index into `names`; MISSING where an item has fewer answers than the most
        answered one. The columns are no particular people.
    names : tuple of str
        What each code stands for.
    n_raters : int
        How many people chose.
    """

    codes: NDArray[np.int16]
    names: tuple[str, ...]
    n_raters: int

    @property
    def n_items(self) -> int:
        """Return the number of items with two answers or more."""
        return int(self.codes.shape[0])


# Agreement between people is that of their blind answers.
_CHOICES = f"""
    SELECT item_id, participant_id, choice FROM (
        SELECT a.item_id, a.participant_id, {{choice}} AS choice,
            count(*) OVER (PARTITION BY a.item_id) AS n
        FROM assignment a {blind.EXPOSURE}
        JOIN annotation n ON n.id = {blind.ANSWER}
        WHERE a.project_id = %(project)s AND a.state = 'submitted'
          AND a.purpose = %(purpose)s
          AND a.questions_version_id = ANY(%(versions)s)) answered
    WHERE n > 1 AND choice IS NOT NULL
    ORDER BY item_id
"""  # noqa: S608 - our own words


def choices_by_item(
    project: Project, questions: Mapping[int, tuple[Question, ...]], purpose: str
) -> Iterator[dict[int, str]]:
    """Yield for each item of several answers who chose what, by person; one query."""
    rows = _chosen(project, questions, purpose)
    for _, answers in groupby(rows, key=itemgetter(0)):
        yield {person: choice for _, person, choice in answers}


def choice_table(
    project: Project, questions: Mapping[int, tuple[Question, ...]], purpose: str
) -> ChoiceTable:
    """Return what people chose on the items that several have answered; one query.

    `questions`: the versions to compare, by their key. `purpose`: of assignments,
    “main” for the people of this project and “imported” for the labels of files.
    Only blind answers are compared; see annotation.selectors.blind. Answers with no
    choice are left out, and so are items left with a single one.
    """
    names: dict[str, int] = {}
    rows: dict[int, list[int]] = {}
    raters: set[int] = set()
    for item_id, participant_id, choice in _chosen(project, questions, purpose):
        code = names.setdefault(choice, len(names))
        rows.setdefault(item_id, []).append(code)
        raters.add(participant_id)
    return ChoiceTable(_padded(rows), tuple(names), len(raters))


def _chosen(
    project: Project, questions: Mapping[int, tuple[Question, ...]], purpose: str
) -> Iterator[tuple[int, int, str]]:
    """Yield (item, person, choice) in the order of items."""
    chosen, parameters = choice_sql(questions)
    with connection.cursor() as db:
        db.execute(
            _CHOICES.format(choice=chosen),
            {
                **parameters,
                "project": project.pk,
                "purpose": purpose,
                "versions": list(questions),
            },
        )
        while batch := db.fetchmany(BATCH):
            yield from batch


def _padded(rows: Mapping[int, list[int]]) -> NDArray[np.int16]:
    several = [codes for codes in rows.values() if len(codes) > 1]
    width = max(map(len, several), default=0)
    table: NDArray[np.int16] = np.full((len(several), width), MISSING, dtype=np.int16)
    for index, codes in enumerate(several):
        table[index, : len(codes)] = codes
    return table


def unanimous(table: ChoiceTable) -> int:
    """Return on how many items everybody chose the same."""
    codes = table.codes
    same = (codes == codes[:, :1]) | (codes == MISSING)
    return int(same.all(axis=1).sum()) if codes.size else 0


def frequencies(table: ChoiceTable) -> dict[str, Any]:
    """Return how often each choice was made on these items."""
    counts = np.bincount(table.codes[table.codes != MISSING], minlength=1)
    return {name: int(counts[code]) for code, name in enumerate(table.names)}
