"""A table of respondents becomes items, and nothing about a person is lost."""

from pathlib import Path

import pytest

from annotation.formats.respondents import Respondents, Survey
from annotation.formats.types import FileProblem

TEXT = "RespondentID,Rank,,Other,Other\n,a,b,Response,Response\n1,1,2,tea,milk\n"


def test_answers_to_questions_of_one_title_are_kept_together(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(TEXT, encoding="utf-8")
    (item,) = Respondents(path, Survey(ranks=("Rank",))).items()
    assert item.labels[0].profile == {"Other": "tea; milk"}


@pytest.mark.parametrize(
    ("title", "said"),
    [("Other", "There are several questions"), ("Age", "There is no question")],
)
def test_title_that_names_no_one_question_is_refused(
    tmp_path: Path, title: str, said: str
) -> None:
    path = tmp_path / "s.csv"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(FileProblem, match=said):
        list(Respondents(path, Survey(ranks=(title,))).items())
