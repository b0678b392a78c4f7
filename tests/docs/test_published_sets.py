"""The commands of docs/FORMATS.md run, and the published sets give its counts."""

import os
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from annotation.models import Annotation, Item, PreAnnotation, Project
from tests.docs.pages import blocks, read, table_rows
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = read("docs/FORMATS.md")
MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
PREFIX = ".venv/bin/python manage.py with_services "


def lines() -> list[str]:
    (block,) = (code for code in blocks(PAGE, "sh") if "import_items" in code)
    return block.strip().splitlines()


def run_all(data: Path, scratch: Path) -> None:
    """Run the commands of the page with the data under `data`."""
    make_user("olga")
    for line in lines():
        assert line.startswith(PREFIX)
        name, *arguments = shlex.split(line.removeprefix(PREFIX))
        if name != "createsuperuser":
            call_command(name, *expanded(arguments, data, scratch), verbosity=0)


def expanded(arguments: list[str], data: Path, scratch: Path) -> list[str]:
    """Replace the variable, wildcards and the written file, as a shell does."""
    result: list[str] = []
    for argument in arguments:
        plain = argument.replace("$POLYPHONY_DATA_DIR", str(data))
        if "*" in plain:
            found = sorted(data.glob(str(Path(plain).relative_to(data))))
            result += map(str, found)
        elif plain == "recipes.jsonl":
            result.append(str(scratch / plain))
        else:
            result.append(plain)
    return result


def counts() -> dict[str, tuple[int, int, int]]:
    """Return items, people's and machines' labels by project."""
    found = {}
    for project in Project.objects.all():
        found[project.slug] = (
            Item.objects.filter(project=project).count(),
            Annotation.objects.filter(project=project).count(),
            PreAnnotation.objects.filter(project=project).count(),
        )
    return found


def told() -> dict[str, tuple[int, int, int]]:
    """Return the same from the table of the page."""
    result = {}
    for row in table_rows(PAGE):
        numbers = [cell.replace(",", "") for cell in row[1:4]]
        if len(row) == 5 and all(number.isdigit() for number in numbers):
            items, people, machines = map(int, numbers)
            result[row[0]] = (items, people, machines)
    return result


def test_every_project_of_the_commands_is_in_the_table() -> None:
    made = re.findall(r"create_project (\w+)", "\n".join(lines()))
    assert Counter(made) == Counter(told().keys())


def test_commands_take_miniatures_of_the_sets(tmp_path: Path) -> None:
    run_all(MINIATURES, tmp_path)
    assert set(counts()) == set(told())
    assert all(n_items and n_people for n_items, n_people, _ in counts().values())


@pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")
def test_published_sets_give_the_counts_of_the_page(tmp_path: Path) -> None:
    run_all(Path(REAL), tmp_path)
    assert counts() == told()
