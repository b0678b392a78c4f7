"""Files of labelled pairs: what is read, and what is refused with which words."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from routing.pair_file import Columns, PairFileError, read_pairs
from routing.pairs import consensus_of, share_of
from tests.routing.worlds import COLUMNS, draw_rows, write

NAN = float("nan")


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = draw_rows(20, 1)
    rows[3]["ai"] = None
    rows[4]["ai"] = rows[4]["person"] = None
    rows[5]["person"] = None
    del rows[6]["judge"]
    file = read_pairs(write(rows, tmp_path), COLUMNS)
    assert (file.n_rows, file.pairs.n) == (20, 17)
    assert (file.n_without_ai, file.n_without_people) == (2, 1)
    assert np.isnan(file.pairs.judges["judge"][3])


def test_pairs_of_one_prompt_are_one_group(tmp_path: Path) -> None:
    rows = draw_rows(9, 1)
    for number, row in enumerate(rows):
        row["prompt"] = f"same {number // 3}"
    pairs = read_pairs(write(rows, tmp_path), COLUMNS).pairs
    assert pairs.group.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("votes", "side", "share"),
    [
        ([1, 1, -1], 1, 2 / 3),
        ([0, 0, 1], 0, 2 / 3),
        ([1, 0, -1], 0, 1 / 2),
        ([1, -1, NAN], 0, 1 / 2),
        ([-1, NAN, NAN], -1, 0),
    ],
)
def test_consensus_is_what_most_people_say(
    votes: list[float], side: float, share: float
) -> None:
    people = np.array([votes])
    assert consensus_of(people).tolist() == [side]
    assert share_of(people) == pytest.approx([share])


def test_nobody_has_no_consensus() -> None:
    nobody = np.full((1, 2), NAN)
    assert np.isnan(consensus_of(nobody)).all()
    assert np.isnan(share_of(nobody)).all()


def refused(rows: list[dict[str, object]], folder: Path, columns: Columns) -> str:
    """Return why a file is refused."""
    with pytest.raises(PairFileError) as caught:
        read_pairs(write(rows, folder), columns)
    return str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("ai", None, "No pair has a label of the AI in 'ai'."),
        ("person", None, "No pair has a label of people in person."),
        ("person", "a", "People say the same of all 20 pairs"),
        ("ai", "A", "Line 1: 'ai' is 'A'; it must be a, b, tie or null."),
        ("judge", NAN, "Line 1: 'judge' is nan; it must be a, b, tie or null."),
        ("judge", ["a"], "Line 1: 'judge' is ['a']; it must be"),
        ("sure", NAN, "Line 1: 'sure' is nan; it must be a finite number"),
        ("sure", True, "Line 1: 'sure' is True; it must be a finite number"),
        ("completion_a", 3, "Line 1: 'completion_a' must be a text."),
        ("prompt", "same", "The column 'prompt' has 1 values; at least 3"),
    ],
)
def test_bad_values_are_refused(
    column: str, value: object, words: str, tmp_path: Path
) -> None:
    rows = [{**row, column: value} for row in draw_rows(20, 1)]
    assert refused(rows, tmp_path, COLUMNS).startswith(words)


def test_long_value_is_told_in_short(tmp_path: Path) -> None:
    rows = [{**row, "ai": "It was the first one. " * 50} for row in draw_rows(20, 1)]
    words = refused(rows, tmp_path, COLUMNS)
    assert len(words) < 120
    assert words.endswith("…; it must be a, b, tie or null.")


def test_line_that_is_a_list_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(draw_rows(20, 1)), encoding="utf-8")
    with pytest.raises(PairFileError, match=r"not an object\. Write one object a line"):
        read_pairs(path, COLUMNS)


def test_unknown_column_names_those_there_are(tmp_path: Path) -> None:
    words = refused(draw_rows(20, 1), tmp_path, Columns(("nobody",), "ai"))
    assert "has a column 'nobody'" in words
    assert "ai, ai_swapped, completion_a" in words


def test_tags_are_words_numbers_several_or_nothing(tmp_path: Path) -> None:
    rows = draw_rows(6, 1)
    for row, value in zip(
        rows, ("law", 3, None, True, ["law", "food"], []), strict=True
    ):
        row["subject"] = value
    columns = Columns(("person",), "ai", tags=("subject",))
    pairs = read_pairs(write(rows, tmp_path), columns).pairs
    found = pairs.tags["subject"]
    assert found.values == ("3", "True", "food", "law")
    assert found.has.astype(int).tolist() == [
        [0, 0, 0, 1],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": 1}, "must be a word, number or truth value, a list of them, or null."),
        ([["law"]], "must be a word, number or truth value, a list of them, or null."),
        (float("nan"), "is nan; write a finite number or null."),
        ([1, float("inf")], "is inf; write a finite number or null."),
    ],
)
def test_what_is_no_tag_is_refused(value: object, words: str, tmp_path: Path) -> None:
    rows = draw_rows(6, 1)
    for row in rows:
        row["subject"] = "law"
    rows[1]["subject"] = value
    columns = Columns(("person",), "ai", tags=("subject",))
    assert refused(rows, tmp_path, columns) == f"Line 2: 'subject' {words}"


def test_column_named_twice_is_refused(tmp_path: Path) -> None:
    words = refused(draw_rows(20, 1), tmp_path, Columns(("person",), "ai", ("ai",)))
    assert words == "The column 'ai' is named twice; name it once."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no pairs"),
        ("{}\n{", "Line 2 of pairs.jsonl is not JSON"),
        ("[1]", "Line 1 of pairs.jsonl is not an object"),
    ],
)
def test_what_is_no_file_of_pairs_is_refused(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PairFileError, match=words):
        read_pairs(path, COLUMNS)


def test_signs_that_end_lines_elsewhere_and_a_mark_of_order_are_read(
    tmp_path: Path,
) -> None:
    rows = draw_rows(20, 1)
    rows[3]["prompt"] = "one\u2028two\x85three"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8", newline="")
    assert read_pairs(path, COLUMNS).pairs.prompts[3] == rows[3]["prompt"]


@pytest.mark.parametrize("value", ["1" * 400, "9" * 5000, "[" * 100_000, "NaN"])
def test_numbers_that_nothing_holds_are_refused(value: str, tmp_path: Path) -> None:
    path = write(draw_rows(20, 1), tmp_path)
    text = path.read_text(encoding="utf-8")
    first = re.sub(r'"sure": [0-9.]+', f'"sure": {value}', text, count=1)
    path.write_text(first, encoding="utf-8")
    with pytest.raises(PairFileError, match=r"^Line 1"):
        read_pairs(path, COLUMNS)


def test_a_label_is_nothing_else(tmp_path: Path) -> None:
    words = refused(
        draw_rows(20, 1), tmp_path, Columns(("person",), "ai", tags=("person",))
    )
    assert "'person' is named as a label and as something else" in words


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PairFileError, match="cannot be read: No such file"):
        read_pairs(tmp_path / "none.jsonl", COLUMNS)
