"""Profiles, rankings, ratings and choices of people in a file: in, out, and equal.

On own-written miniatures in the format of the published files, and on those files
where POLYPHONY_DATA_DIR names them.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.package import FolderPackage
from annotation.models import Annotation, ExternalIdentity, Participant, Project
from annotation.services.datasets import write_dataset
from annotation.services.identities import fingerprint
from tests.factories import make_project
from tests.flow.test_real_data import MINIATURES, both, bring_in, recipes

pytestmark = pytest.mark.django_db
SCALE = [
    "Very unfavorably",
    "Somewhat unfavorably",
    "Neither favorably nor unfavorably (neutral)",
    "Somewhat favorably",
    "Very favorably",
]
NA = "Unfamiliar (N/A)"
CHOICE = "In your opinion, which sentence"
SERIAL = ", and "
Table = tuple[list[str], list[list[str]]]


def read_table(path: Path, n_headers: int) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[n_headers:]


def blocks(header: list[str]) -> dict[str, list[int]]:
    """Return the columns of each question; a blank title belongs to the one before."""
    found: dict[str, list[int]] = {}
    for column, title in enumerate(header):
        key = title.strip() or list(found)[-1]
        found.setdefault(key, []).append(column)
    return found


def expected_profile(header: list[str], row: list[str], left: str) -> dict[str, str]:
    """Return what the file tells of a respondent, without what was judged."""
    told = {
        title: "; ".join(row[column] for column in columns if row[column])
        for title, columns in blocks(header).items()
        if title != "RespondentID" and not title.startswith(tuple(left.split("|")))
    }
    return {title: value for title, value in told.items() if value}


def convert(data: Path, name: str, target: Path, **options: Any) -> str:
    said = StringIO()
    table = data / "fivethirtyeight_surveys" / name
    call_command("convert_respondents", table, to=target, stdout=said, **options)
    return said.getvalue()


def films(data: Path, target: Path) -> str:
    return convert(
        data,
        "StarWars.csv",
        target,
        rank=["Please rank"],
        rate=["Please state"],
        scale=";".join(SCALE),
        na=NA,
    )


def person_of(project: Project, respondent: str) -> Participant | None:
    """Find a participant by the id that the file gave, as an import finds them."""
    found = ExternalIdentity.objects.filter(
        project=project, value_hmac=fingerprint(project, respondent)
    ).select_related("participant")
    return found[0].participant if found else None


def answers_of(person: Participant, key: str) -> list[Any]:
    rows = Annotation.objects.filter(participant=person).order_by("item__number")
    return [
        answers[key]
        for answers in rows.values_list("answers", flat=True)
        if key in answers
    ]


@both
def test_rankings_and_ratings_keep_the_profiles_of_their_people(
    data: Path, tmp_path: Path
) -> None:
    said = films(data, tmp_path / "films.jsonl")
    project = make_project()
    bring_in(project, tmp_path / "films.jsonl")
    header, rows = read_table(data / "fivethirtyeight_surveys" / "StarWars.csv", 2)
    by_title = blocks(header)
    ranks = next(c for t, c in by_title.items() if t.startswith("Please rank"))
    rates = next(c for t, c in by_title.items() if t.startswith("Please state"))
    marks = {word: place for place, word in enumerate(SCALE, start=1)} | {NA: "na"}
    full = []
    for row in rows:
        person = person_of(project, row[0])
        places = [row[column] for column in ranks]
        words = [row[column] for column in rates if row[column]]
        assert (person is not None) == any((*places, *words))
        if person is None:
            continue
        told = expected_profile(header, row, "Please rank|Please state")
        assert person.imported_profile == told
        given = answers_of(person, "ratings")
        assert given == [{"view": [marks[word]]} for word in words]
        rankings = answers_of(person, "ranking")
        assert len(rankings) == any(places)
        for ranking in rankings:
            order = [index for tier in ranking["tiers"] for index in tier]
            assert [places[i] for i in order] == sorted(filter(None, places))
            if all(places):
                full.append([int(place) for place in places])
    if data == MINIATURES:
        assert (len(rows), len(full)) == (5, 3)
        assert "1 of 5 respondents" in said
    else:
        assert (len(rows), len(full)) == (790, 548)
        means = np.mean(np.array(full), axis=0)
        known = [3.788, 4.088, 4.356, 3.268, 2.526, 2.974]
        assert means == pytest.approx(known, abs=5e-4)
        assert Participant.objects.filter(project=project).count() == 549
        assert "241 of 790 respondents" in said


@both
def test_choices_of_a_text_keep_the_profiles_of_their_people(
    data: Path, tmp_path: Path
) -> None:
    convert(data, "comma-survey.csv", tmp_path / "commas.jsonl", choose=[CHOICE])
    project = make_project()
    bring_in(project, tmp_path / "commas.jsonl")
    header, rows = read_table(data / "fivethirtyeight_surveys" / "comma-survey.csv", 1)
    texts = list(
        project.items.get().completions.order_by("index").values_list("text", flat=True)
    )
    counts: Counter[bool] = Counter()
    for row in rows:
        person = person_of(project, row[0])
        assert person is not None
        assert person.imported_profile == expected_profile(header, row, CHOICE)
        (given,) = answers_of(person, "preference")
        chosen = texts[0] if given["value"] > 0 else texts[1]
        assert chosen == row[1]
        counts[SERIAL in chosen] += 1
    expected = (2, 1) if data == MINIATURES else (641, 488)
    assert (counts[True], counts[False]) == expected


@both
def test_cooking_habits_stay_with_those_who_rated(data: Path, tmp_path: Path) -> None:
    project = make_project(template="rating")
    bring_in(project, *recipes(data, tmp_path))
    ratings = data / "recipe_ratings" / "cleaned_data_anonymized.csv"
    with ratings.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wanted = Counter(
        (row["participant"], json.dumps([int(row[key]) for key in MARKS]))
        for row in rows
    )
    found: Counter[tuple[str, str]] = Counter()
    for name in {row["participant"] for row in rows}:
        person = person_of(project, name)
        assert person is not None
        (habit,) = {row["experience"] for row in rows if row["participant"] == name}
        assert person.imported_profile == {"cooks_from_recipes": habit}
        for given in answers_of(person, "ratings"):
            found[name, json.dumps([given[key][0] for key in MARKS])] += 1
    assert found == wanted
    if data != MINIATURES:
        assert (found.total(), len({name for name, _ in found})) == (600, 50)


MARKS = ("grammar", "fluency", "verbosity", "structure", "success", "overall")


@pytest.fixture
def rows_out(tmp_path: Path) -> Callable[[Project, str], Counter[str]]:
    """A function that exports a project and counts what each label says, nameless."""

    def export(project: Project, name: str) -> Counter[str]:
        write_dataset(
            project=project,
            options=ExportOptions(format="native"),
            package=FolderPackage(tmp_path / name),
            salt=name.encode().ljust(16, b"."),
            on_progress=lambda done, total: None,
        )
        (path,) = (tmp_path / name).glob("data/*/*.jsonl")
        labels: Counter[str] = Counter()
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for label in row.get("labels", ()):
                kept = [row["external_id"], label["answers"], label.get("profile", {})]
                labels[json.dumps(kept, sort_keys=True)] += 1
        return labels

    return export


@both
@pytest.mark.parametrize("name", ["films", "commas"])
def test_profiles_and_answers_come_out_as_they_went_in(
    data: Path,
    name: str,
    tmp_path: Path,
    rows_out: Callable[[Project, str], Counter[str]],
) -> None:
    source = tmp_path / f"{name}.jsonl"
    if name == "films":
        films(data, source)
    else:
        convert(data, "comma-survey.csv", source, choose=[CHOICE])
    project, again = make_project(), make_project()
    bring_in(project, source)
    written = rows_out(project, "first")
    wanted: Counter[str] = Counter()
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for label in row["labels"]:
            kept = [row["external_id"], label["answers"], label.get("profile", {})]
            wanted[json.dumps(kept, sort_keys=True)] += 1
    assert without_defaults(written) == without_defaults(wanted)
    (exported,) = (tmp_path / "first").glob("data/*/*.jsonl")
    bring_in(again, exported)
    assert rows_out(again, "second") == written


def without_defaults(rows: Counter[str]) -> Counter[str]:
    """Leave out what is said by being silent: who was not judged in a ranking."""
    kept: Counter[str] = Counter()
    for text, count in rows.items():
        name, answers, profile = json.loads(text)
        answers.get("ranking", {}).pop("not_judged", None)
        kept[json.dumps([name, answers, profile], sort_keys=True)] += count
    return kept


def test_a_title_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no question called 'Sort'"):
        convert(MINIATURES, "StarWars.csv", tmp_path / "x", rank=["Sort"])


def test_a_word_beside_the_scale_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Respondent 1: 'Very favorably' is not"):
        convert(
            MINIATURES,
            "StarWars.csv",
            tmp_path / "x",
            rate=["Please state"],
            scale="a;b",
        )
