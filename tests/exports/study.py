"""A small project in which every id and time is fixed, for files compared by byte."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from annotation.models import (
    Annotation,
    Assignment,
    Completion,
    ConsentDocument,
    ConsentRecord,
    Flag,
    FrontierEntry,
    GuidelinesVersion,
    Item,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    QuestionsVersion,
    SurveyAnswer,
    SurveyVersion,
)
from tests.exports.build import COMPARISON, RANKING, RATING, RATIONALE

SALT = b"the same salt in every test"
START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MAIN = [COMPARISON, RATING | {"is_required": False}, RATIONALE]
OLD = [COMPARISON | {"strength": 1, "reasons": [], "levels": []}]


class Study:
    """Makes rows whose public ids count from 1 and whose times are a second apart."""

    def __init__(self, slug: str, questions: Sequence[Mapping[str, Any]]) -> None:
        self._ids = count(1)
        owner = User.objects.create(username=f"owner of {slug}")
        self.project = Project.objects.create(
            public_id=self.uuid(),
            slug=slug,
            name=f"The {slug} study",
            description="Which answers do people prefer?",
            created_by=owner,
        )
        self.version = self.questions(questions, "project")
        self.guidelines = GuidelinesVersion.objects.create(
            project=self.project, number=1, text="Read both answers. ```No hurry.```"
        )
        self.consent = ConsentDocument.objects.create(
            project=self.project, number=1, text="We study answers.", sha256="0" * 64
        )
        self.survey = SurveyVersion.objects.create(
            project=self.project, number=1, questions=[]
        )

    def uuid(self) -> uuid.UUID:
        """Return the next id."""
        return uuid.UUID(int=next(self._ids))

    def made(self, row: Any) -> Any:
        """Give a row its time; it cannot be set while the row is made."""
        at = START + timedelta(seconds=row.public_id.int)
        type(row).objects.filter(pk=row.pk).update(created_at=at)
        return row

    def questions(
        self, questions: Sequence[Mapping[str, Any]], purpose: str
    ) -> QuestionsVersion:
        """Add a questions version."""
        return QuestionsVersion.objects.create(
            project=self.project,
            number=1,
            purpose=purpose,
            questions=list(questions),
            sha256=purpose,
        )

    def person(
        self, name: str, granted: Sequence[str] | None, **facts: Any
    ) -> Participant:
        """Add a participant; `granted` None = known from a file, without consent."""
        person = Participant.objects.create(
            public_id=self.uuid(),
            project=self.project,
            pseudonym=name,
            source="import" if granted is None else "member",
            **facts,
        )
        if granted is not None:
            ConsentRecord.objects.create(
                participant=person, document=self.consent, granted=list(granted)
            )
        return person

    def item(
        self, messages: Sequence[tuple[str, str]], texts: Sequence[str], **facts: Any
    ) -> Item:
        """Add an item with one completion per text."""
        number = Item.objects.filter(project=self.project).count() + 1
        item: Item = self.made(
            Item.objects.create(
                public_id=self.uuid(),
                project=self.project,
                number=number,
                content_sha256=f"{number}",
                messages=[{"role": r, "content": c} for r, c in messages],
                n_completions=len(texts),
                **facts,
            )
        )
        for index, text in enumerate(texts):
            Completion.objects.create(
                item=item, index=index, text=text, model=f"model-{'xyzw'[index]}"
            )
        FrontierEntry.objects.create(
            item=item,
            project=self.project,
            random_key=number,
            target=1,
            rank=-number,
            base_order=list(range(len(texts))),
        )
        return item

    def answer(
        self, item: Item, person: Participant, answers: Mapping[str, Any], **facts: Any
    ) -> Annotation:
        """Add an answer with its assignment; facts name fields of either."""
        source = facts.pop("source", "web")
        supersedes = facts.pop("supersedes", None)
        assignment = supersedes.assignment if supersedes else None
        if assignment is None:
            values = {
                "questions_version": self.version,
                "guidelines_version": self.guidelines,
                "state": "submitted",
                "order": [0, 1],
                "layout": "columns",
                "view": "rendered",
            }
            assignment = Assignment.objects.create(
                project=self.project, item=item, participant=person, **values | facts
            )
        return self.made(  # type: ignore[no-any-return]  # the row it was given
            Annotation.objects.create(
                public_id=self.uuid(),
                project=self.project,
                item=item,
                assignment=assignment,
                participant=person,
                submission_id=uuid.uuid4(),
                answers=dict(answers),
                source=source,
                active_ms=None if source == "import" else 4000,
                total_ms=5000,
                supersedes=supersedes,
            )
        )


def grade(value: int, **more: Any) -> dict[str, Any]:
    """Return a comparison as an answer to the question `preference`."""
    return {"preference": {"value": value, **more}}


def marks(first: Sequence[int | str], second: Sequence[int | str]) -> dict[str, Any]:
    """Return marks of two completions on both criteria as an answer to `ratings`."""
    return {"ratings": {"helpful": list(first), "correct": list(second)}}


def make_pairs() -> Project:
    """Return a project with pairs: every fate of an answer occurs once or more."""
    study = Study("pairs", MAIN)
    anna, ben, cleo, dan = _people(study)
    sums, talk, sheet = _pairs(study)
    study.answer(
        sums,
        anna,
        grade(2, reasons=["correct"], confidence="sure")
        | marks([4, 1], [4, "na"])
        | {"rationale": "The first is right."},
    )
    study.answer(sums, ben, grade(-1) | marks([2, 3], [3, 4]), order=[1, 0])
    study.answer(talk, anna, grade(0), order=[1, 0])
    study.answer(talk, ben, grade(0, both_bad=True) | marks([0, 0], [1, 0]))
    study.answer(sheet, anna, grade(-3), state="surplus")
    study.answer(sheet, cleo, grade(3))
    back = study.answer(sheet, ben, grade(1), state="open")
    study.answer(sheet, ben, {}, supersedes=back)
    Annotation.objects.filter(supersedes=back).update(is_retraction=True)
    study.answer(
        sheet,
        dan,
        grade(1),
        source="import",
        purpose="imported",
        questions_version=study.questions(OLD, "imported"),
        guidelines_version=None,
        order=None,
    )
    _add_machine(study, sums, talk)
    _add_remarks(study, sheet, talk)
    return study.project


def _add_remarks(study: Study, sheet: Item, talk: Item) -> None:
    """Add skips and flags, one each by cleo who withdrew."""
    for item, name, said, reason in (
        (sheet, "ben", "=HYPERLINK", "I cannot tell"),
        (talk, "cleo", "Not for me", "Never mind"),
    ):
        person = study.project.participants.get(pseudonym=name)
        study.made(
            Assignment.objects.create(
                public_id=study.uuid(),
                project=study.project,
                item=item,
                participant=person,
                purpose="training",
                state="skipped",
                questions_version=study.version,
                order=[1, 0],
                shown_at=START,
                finished_at=START + timedelta(minutes=1),
                skip_reason=reason,
            )
        )
        study.made(
            Flag.objects.create(
                public_id=study.uuid(),
                project=study.project,
                item=item,
                participant=person,
                kind="broken",
                note=said,
            )
        )


def _people(study: Study) -> tuple[Participant, ...]:
    """Add anna, ben, cleo who withdrew, and dan who is known from a file."""
    anna = study.person("anna", ["research", "publication"])
    ben = study.person("ben", ["research"])
    cleo = study.person("cleo", ["research", "publication"])
    dan = study.person("dan", None, imported_profile={"group": "expert"})
    ConsentRecord.objects.filter(participant=cleo).update(withdrawn_at=START)
    SurveyAnswer.objects.create(
        participant=anna,
        version=study.survey,
        question="age",
        state="answered",
        value="25-34",
        order_shown=["18-24", "25-34"],
    )
    SurveyAnswer.objects.create(
        participant=anna, version=study.survey, question="home", state="prefer_not"
    )
    return anna, ben, cleo, dan


def _pairs(study: Study) -> tuple[Item, ...]:
    """Add a plain item, a conversation, and one full of what a sheet would run."""
    sums = study.item(
        [("user", "What is 2 + 2?")],
        ["4.", "5, I “think”."],
        external_id="sums",
        category="maths",
        language="en",
        metadata={"level": 1},
    )
    talk = study.item(
        [
            ("system", "Be brief."),
            ("user", "日本"),
            ("assistant", "はい"),
            ("user", "∴"),
        ],
        ["One\ntwo, three", "Zwei"],
        source="talks",
    )
    sheet = study.item([("user", "=1+1")], ["-1", "@x | y"], external_id="+sheet")
    return sums, talk, sheet


def _add_machine(study: Study, sums: Item, talk: Item) -> None:
    judge = MachineAnnotator.objects.create(
        project=study.project, name="judge", model="judge-7b", revision="r1"
    )
    for item, status, answers in (
        (sums, "ok", grade(1)),
        (talk, "unparsable", {}),
    ):
        study.made(
            PreAnnotation.objects.create(
                public_id=study.uuid(),
                project=study.project,
                item=item,
                machine=judge,
                questions_version=study.version,
                status=status,
                answers=answers,
                probability=0.9,
                raw="=A",
                order=[1, 0],
                cost_usd="0.001",
                latency_ms=250,
            )
        )


def make_lists() -> Project:
    """Return a project with rankings of four."""
    study = Study("lists", [RANKING])
    anna = study.person("anna", ["research"])
    ben = study.person("ben", ["research"])
    colours = study.item(
        [("user", "Which colour?")], ["Red", "Green", "Blue", "Grey"], external_id="c"
    )
    study.answer(
        colours,
        anna,
        {"ranking": {"tiers": [[2], [0, 1]], "unacceptable": [3]}},
        order=[3, 2, 0, 1],
    )
    study.answer(
        colours,
        ben,
        {"ranking": {"tiers": [[2], [3], [1], [0]], "unacceptable": []}},
        order=[0, 1, 2, 3],
    )
    return study.project
