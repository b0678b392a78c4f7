"""After a withdrawal every export is that of a project in which the person never was.

The other side of each comparison is made by deleting the person's rows outright, and
taking that back. What is asked comes from the tables of formats and of addresses, so a
new format, file type, page or download takes part by itself.
"""

import csv
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.options import CHOICES
from annotation.formats.exports.package import FolderPackage
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.types import LabelDraft, LabelsDraft
from annotation.models import (
    Assignment,
    ConsentDocument,
    Flag,
    Invitation,
    Item,
    OwedPay,
    Participant,
    Project,
    Role,
    Thread,
)
from annotation.recruiting import Arrival
from annotation.selectors.item_filters import STATES
from annotation.services import adjudications, charts, comments, disagreements
from annotation.services.assignments import skip
from annotation.services.datasets import write_dataset
from annotation.services.enrolments import enrol
from annotation.services.exports import stream_annotations
from annotation.services.flags import raise_flag
from annotation.services.frontier import rebuild_frontier
from annotation.services.imports import store_items
from annotation.services.owed_pay import drop_owed
from annotation.services.pay import mark_paid, pay_list
from annotation.services.recruitment import (
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from annotation.services.submissions import submit
from annotation.services.versions import publish_questions
from annotation.services.withdrawals import withdraw
from tests.consent.conftest import claimed, logged_in, ready
from tests.exports.build import COMPARISON, RANKING, RATING, RATIONALE
from tests.factories import make_items, make_member, make_project
from tests.noon import noon
from tests.snapshots import Snapshots

__all__ = ["noon"]
pytestmark = pytest.mark.django_db
SALT = b"the same salt before and after"
EVERYTHING = {"include_surplus": True, "include_machine": True}
HYBRID = {"labels_from": "hybrid", "machine": "judge", "audit": "keep"}
QUESTIONS = [COMPARISON, {**RANKING, "is_required": False}, RATING, RATIONALE]
# In these several people share a row, as they do where answers are put together.
SHARED = ("native", "multipref")
# One who joined, one who came by a platform's link, one known from a file alone.
LEAVERS = (
    ("member", "anonymise"),
    ("recruited", "erase"),
    ("import", "anonymise"),
)


# --- a study with everything in it --------------------------------------------------


def given(number: int) -> dict[str, Any]:
    """Return an answer to every question; numbers that differ disagree."""
    better = number % 2
    return {
        "preference": {"value": 2 - 3 * better, "reasons": ["correct"]},
        "ranking": {"tiers": [[better], [1 - better]], "unacceptable": []},
        "ratings": {
            "helpful": [number % 5, 4 - number % 5],
            "correct": [4, number % 4],
        },
        "rationale": f"Reason {number}.",
    }


def work(person: Participant, number: int) -> None:
    """Answer three items, and skip, flag and comment on what comes."""
    for step in range(3):
        submit(
            assignment=claimed(person),
            submission_id=uuid.uuid4(),
            answers=given(number + step),
            active_ms=4000 + number,
        )
    done = person.assignments.filter(state="submitted")[0]
    raise_flag(assignment=done, kind="other", note=f"Note {number}.")
    comments.write_to_team(assignment=done, text=f"Question {number}?")
    skip(assignment=claimed(person), reason=f"Skip {number}.")
    person.refresh_from_db()


def from_file(project: Project, name: str) -> Participant:
    """Import a person's labels of three items."""
    items = Item.objects.filter(project=project).order_by("number")[:3]
    store_items(
        project=project,
        items=[
            LabelsDraft(
                row=item.number,
                external_id=item.external_id,
                labels=(
                    LabelDraft(name, is_machine=False, answers=given(item.number)),
                    LabelDraft("judge", is_machine=True, answers=given(item.number)),
                ),
            )
            for item in items
        ],
        questions=QUESTIONS,
        provider="a file",
    )
    return Participant.objects.filter(project=project, source="import").latest("pk")


@pytest.fixture
def study(db: None, snapshots: Snapshots) -> Project:
    """Every question, two items settled by the team, and people of each kind."""
    return snapshots.laid("study with everything", make_study)


def make_study() -> Project:
    """Lay it into the database."""
    project = make_project(overlap=4)
    owner = project.created_by
    publish_questions(project=project, user=owner, questions=QUESTIONS)
    items = make_items(project, 6)
    save_recruitment(
        project=project,
        user=owner,
        settings=RecruitmentSettings(
            provider="prolific",
            completion_code="DONE",
            pay_kind="per_item",
            pay_amount=Decimal(1),
        ),
    )
    for number, name in enumerate(("anna", "ben")):
        work(ready(project, make_member(project, username=name)), number)
    from_file(project, "carla")
    for item in items[:2]:
        adjudications.settle(
            item=item,
            by=owner,
            role=Role.OWNER,
            answers={"preference": {"value": 1}},
            reason="So it is.",
            n_shown=0,
        )
    return Project.objects.get(pk=project.pk)


def arrive(project: Project, kind: str) -> Participant:
    """Let somebody of this kind take part, who will leave."""
    if kind == "import":
        return from_file(project, "leaver")
    if kind == "member":
        user = make_member(project, username="leaver")
    else:
        link = create_link(project=project, user=project.created_by, days=7, n_max=9)
        user = enrol(
            invitation=Invitation.objects.get(pk=link.invitation.pk),
            arrival=Arrival("5f" + "1" * 22, "study", "session"),
        ).user
    person = ready(project, user)
    work(person, 2)
    return person


@contextmanager
def never_there(person: Participant) -> Iterator[None]:
    """Show the project as if nothing of the person had ever been stored."""
    with transaction.atomic():
        point = transaction.savepoint()
        project = person.project
        Assignment.objects.filter(participant=person).update(annotation=None)
        Participant.objects.get(pk=person.pk).delete()
        rebuild_frontier(project=project)
        yield
        transaction.savepoint_rollback(point)


# --- data sets ----------------------------------------------------------------------


def choices() -> Iterator[dict[str, Any]]:
    """Yield every format in every file type, single answers and put together.

    And one label for each item, by people or by a machine.
    """
    for form in FORMATS.values():
        units = CHOICES["unit"] if "unit" in form.options else ("annotation",)
        for file_type in form.file_types:
            asked = {"format": form.name, "file_type": file_type}
            for unit in units:
                yield {**asked, "unit": unit}
            if form.takes_hybrid:
                yield {**asked, "unit": "aggregate", **HYBRID}


def written(project: Project, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Write a data set; return its data files as bytes, by name."""
    write_dataset(
        project=project,
        options=parse_options(EVERYTHING | options),
        package=FolderPackage(folder),
        salt=SALT,
        on_progress=lambda done, total: None,
    )
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "data").rglob("*.*"))
    }
    assert found
    return found


def rows_of(path: Path) -> list[Any]:
    """Read a data file back."""
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    with path.open(newline="") as file:
        if path.suffix == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("form", [*FORMATS])
@pytest.mark.parametrize(("leaver", "manner"), LEAVERS)
def test_every_data_set_is_as_if_who_withdrew_had_never_been_there(
    study: Project, tmp_path: Path, form: str, leaver: str, manner: str
) -> None:
    ConsentDocument.objects.update(on_withdrawal=manner)
    person = arrive(study, leaver)
    asked = [options for options in choices() if options["format"] == form]
    assert asked
    sides: dict[str, list[dict[str, Any]]] = {"before": [], "never": [], "after": []}

    def write(side: str) -> None:
        for number, options in enumerate(asked):
            folder = tmp_path / side / str(number)
            sides[side].append(written(study, folder, options))

    write("before")
    with never_there(person):
        write("never")
    name = Pseudonyms(SALT).of(str(person.public_id))
    assert withdraw(participant=person).done_at is not None
    write("after")
    for number, options in enumerate(asked):
        before, never, after = (sides[side][number] for side in sides)
        assert before != never, options
        assert after == never, options
        if form in SHARED or options["unit"] == "aggregate":
            continue
        for path in before:
            was = rows_of(tmp_path / "before" / str(number) / path)
            now = rows_of(tmp_path / "after" / str(number) / path)
            assert now == [row for row in was if name not in repr(row)], path


def test_the_stream_is_too(study: Project) -> None:
    person = arrive(study, "member")
    before = [*stream_annotations(study, SALT)]
    with never_there(person):
        never = [*stream_annotations(study, SALT)]
    withdraw(participant=person)
    assert [*stream_annotations(study, SALT)] == never != before


# --- pages, figures and their files -------------------------------------------------


def addresses(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the addresses that need the project alone, or one of its items."""
    items = Item.objects.filter(project=project)

    def walk(resolver: URLResolver) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry)
            elif isinstance(entry, URLPattern) and entry.name:
                yield entry.name

    for name in sorted(set(walk(get_resolver()))):
        for keys in ({}, *({"public_id": one.public_id} for one in items)):
            with suppress(NoReverseMatch):
                address = reverse(name, kwargs={"slug": project.slug, **keys})
                yield f"{name} {keys}", address
    for state in STATES:
        address = reverse("items", args=[project.slug])
        yield f"items {state}", f"{address}?state={state}"


def shown(project: Project) -> dict[str, str]:
    """Return what an owner gets from each of them, what changes each time apart."""
    cache.clear()
    charts.refresh(project=project)
    disagreements.refresh(project=project)
    client = logged_in(project.created_by)
    found = {}
    for name, address in addresses(project):
        answer = client.get(address)
        if answer.status_code == 200:
            found[name] = _steady(answer.getvalue().decode())
    return found


# A token for each visit, and when something was made or seen.
MOVING = (
    r'name="csrfmiddlewaretoken" value="\w+"',
    r'"X-CSRFToken": "\w+"',
    r"<time.*?</time>",
    r"\bat=\d+",
    r'name="snapshot" value="\d+"',
    r"\d+\s\w+ ago",
    r'name="key" value="[\w-]+"',
)


TOMBSTONE = "1 participant has withdrawn."
# Pages on which somebody of each kind shows, so that the comparison says something.
SEEN_IN = {
    "member": {"dashboard", "habits", "items", "item", "disagreement"},
    "recruited": {"dashboard", "habits", "items", "item", "pay", "pay_file"},
    "import": {"dashboard", "export_new", "item", "items"},
}


def all_at_work() -> None:
    """Let everybody have answered just now, in the order in which they did.

    For ten minutes the pages say so. The study may have been laid some minutes ago.
    """
    done = Assignment.objects.exclude(finished_at=None)
    newest = done.latest("finished_at").finished_at
    assert newest is not None
    done.update(finished_at=F("finished_at") + (timezone.now() - newest))


def _steady(body: str) -> str:
    for part in MOVING:
        body = re.sub(part, "", body)
    return body


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(("leaver", "manner"), LEAVERS)
def test_every_page_is_too(study: Project, leaver: str, manner: str) -> None:
    ConsentDocument.objects.update(on_withdrawal=manner)
    person = arrive(study, leaver)
    all_at_work()
    before = shown(study)
    with never_there(person):
        never = shown(study)
    withdraw(participant=person)
    # Emptied, they stay with their item: nobody's words, and nobody's flag.
    Thread.objects.filter(participant=person).delete()
    Flag.objects.filter(participant=person).delete()
    # What is owed to somebody who was recruited is still to be paid: see below.
    owed = [*OwedPay.objects.all()]
    assert len(owed) == (leaver == "recruited")
    for one in owed:
        drop_owed(owed=one, by=study.created_by)
    after = shown(study)
    assert TOMBSTONE in after.pop("people {}")
    assert TOMBSTONE not in never.pop("people {}")
    assert after.keys() == never.keys()
    for name, body in after.items():
        assert body == never[name], name
    changed = {name.split()[0] for name in never if before[name] != never[name]}
    assert changed >= SEEN_IN[leaver]


def test_what_was_paid_before_stays_in_the_sum(study: Project) -> None:
    person = arrive(study, "recruited")
    owner = study.created_by
    assert mark_paid(project=study, ids=None, by=owner) == 1
    withdraw(participant=person)
    found = pay_list(study)
    assert (found.lines, found.withdrawn, found.paid) == ((), (), Decimal("3.00"))
    page = logged_in(owner).get(reverse("pay", args=[study.slug]))
    assert "3.00 paid" in page.content.decode()


def test_a_flag_stays_open_without_its_person(study: Project) -> None:
    person = arrive(study, "member")
    name = person.pseudonym
    withdraw(participant=person)
    flag = Flag.objects.get(participant=person)
    assert (flag.resolved_at, flag.note) == (None, "")
    page = logged_in(study.created_by).get(reverse("dashboard", args=[study.slug]))
    assert "3 open" in page.content.decode()
    assert name not in page.content.decode()
