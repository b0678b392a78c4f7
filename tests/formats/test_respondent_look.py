"""Is a file a survey of respondents, and what are its questions likely to be?"""

import gzip
from pathlib import Path

import pytest

from annotation.formats.respondent_look import look_at

HEADER = "RespondentID,Rank them,,,Rate them,,Which sentence is better?,Age\n"
SECOND = ",a,b,c,x,y,Response,Response\n"
LONG = '"A sentence that is rather long, and so on."', "Another sentence that is long"
ROWS = "".join(
    f"{k},1,2,3,{'good' if k % 2 else 'bad'},{'bad' if k % 2 else 'good'},"
    f"{LONG[k % 2]},18-29\n"
    for k in range(6)
)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def test_questions_are_guessed_from_their_cells(tmp_path: Path) -> None:
    found = look_at(write(tmp_path / "s.csv", HEADER + SECOND + ROWS))
    assert found is not None
    assert [(one.title, one.n_columns, one.guess) for one in found] == [
        ("Rank them", 3, "rank"),
        ("Rate them", 2, "rate"),
        ("Which sentence is better?", 1, "choose"),
        ("Age", 1, "profile"),
    ]
    assert found[1].words == ("bad", "good")


def test_boxes_to_tick_are_no_scale(tmp_path: Path) -> None:
    text = "RespondentID,Which?,,Age\n,Tea,Milk,Response\n1,Tea,Milk,9\n2,,Milk,9\n"
    found = look_at(write(tmp_path / "s.csv", text))
    assert found is not None
    assert [one.guess for one in found] == ["profile", "profile"]


def test_one_header_row_will_do_where_the_first_column_is_an_id(tmp_path: Path) -> None:
    text = "Respondent ID,Sex,Age\n1,F,20\n2,M,30\n"
    found = look_at(write(tmp_path / "s.csv", text, "utf-8-sig"))
    assert found is not None
    assert [one.guess for one in found] == ["profile", "profile"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RespondentID,Age\n",
        "prompt,answer1,answer2\nWhy?,Because,So\n",
        "respondent_id,prompt\n1,Why?\n",
        '{"prompt": "Why?"}\n{"prompt": "How?"}\n',
        ",,\n,,\n1,2,3\n",
        'RespondentID,a,b\n1,"never closed\n',
    ],
)
def test_other_files_are_none(tmp_path: Path, text: str) -> None:
    assert look_at(write(tmp_path / "s.csv", text)) is None


def test_other_encodings_and_archives_are_none(tmp_path: Path) -> None:
    text = HEADER + SECOND + ROWS
    assert look_at(write(tmp_path / "s.csv", text, "utf-16")) is None
    packed = tmp_path / "s.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert look_at(packed) is None


def test_cell_may_hold_any_break_of_lines(tmp_path: Path) -> None:
    text = "RespondentID,Why,Age\n1,one\u2028two\x0bthree,20\n2,so,30\n"
    found = look_at(write(tmp_path / "s.csv", text))
    assert found is not None
    assert [one.words for one in found] == [
        ("one\u2028two\x0bthree", "so"),
        ("20", "30"),
    ]
