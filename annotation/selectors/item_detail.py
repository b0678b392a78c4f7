"""One item for managers: its texts, every answer with its provenance, its leases."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from annotation.answers import Question, letter, parse_questions
from annotation.models import (
    Annotation,
    Assignment,
    CheckItem,
    Completion,
    Flag,
    FrontierEntry,
    Item,
    MachineAnnotator,
    PreAnnotation,
    Route,
)
from annotation.selectors.blind import has_seen
from annotation.selectors.jury_members import MemberSaid, members_said
from annotation.selectors.probabilities import calibrated
from annotation.selectors.texts import rendered
from annotation.verdicts import Answered, answered
from annotation.words import gettext as _
from annotation.words import gettext_noop

# A page of so many answers stays readable; the export has them all.
MAX_ANSWERS = 200
PURPOSE_WORDS = {
    "training": gettext_noop("training"),
    "qualification": gettext_noop("qualification"),
    "monitoring": gettext_noop("silent gold"),
    "attention": gettext_noop("attention check"),
    "mirror": gettext_noop("mirrored repeat"),
    "second_protocol": gettext_noop("second protocol"),
}

# They say what they say without a call that could be shown.
UNCALLED = (
    MachineAnnotator.Backend.FILE,
    MachineAnnotator.Backend.HEAD,
    MachineAnnotator.Backend.JURY,
)
FLAG_WORDS = {
    "order_inconsistent": gettext_noop(
        "contradicts itself when the answers swap places"
    ),
    "unsure": gettext_noop("unsure: one order alone bears it out"),
    "one_order": gettext_noop("asked in one order alone"),
    "split": gettext_noop("its judges name different sides"),
}


@dataclass(frozen=True)
class Text:
    """A message of the prompt (with a role) or a completion (with a letter)."""

    name: str
    text: str
    html: str
    model: str = ""


@dataclass(frozen=True)
class HumanAnswer:
    """A person's answer: what, who, when, and how it was presented.

    `reading`: the time in use on each completion, by its letter.
    `version` of `n_versions`: one place of a person keeps each answer given there.
    `can_talk`: somebody is there to read a message about it.
    `standing`: "current", "surplus", "superseded" or "taken back". `has_seen`: it was
    given with a suggestion in view.
    """

    public_id: uuid.UUID
    annotator: str
    answered: Answered
    standing: str
    saw_first: str
    active_ms: int | None
    total_ms: int | None
    reading: tuple[tuple[str, int], ...]
    version: int
    n_versions: int
    questions_number: int
    is_imported: bool
    has_seen: bool
    guidelines_number: int | None
    source: str
    can_talk: bool
    purpose: str
    layout: str
    view: str
    at: datetime

    @property
    def is_check(self) -> bool:
        """Tell whether the answer is no data: a check, or to another protocol."""
        return self.purpose in PURPOSE_WORDS

    @property
    def purpose_words(self) -> str:
        """Return what the item was lent for."""
        return _(PURPOSE_WORDS.get(self.purpose, ""))


@dataclass(frozen=True)
class MachineAnswer:
    """A pre-annotation with the identity of the machine that made it.

    `number`: its version. `bias`: the pull of the place shown first. `rationale`,
    `critiques` by the letters of completions and `tags` are the machine's words;
    `reason` says why there is no verdict. `probability` of its answer, in [0, 1];
    `is_calibrated`: put right on people's labels, else as the machine told it.
    `is_combined`: it was made of calls, which are kept. `members`: who said what in a
    jury; `strength` of the preference, in [0, 1], by an ensemble's mean and spread.
    """

    public_id: uuid.UUID
    machine_id: uuid.UUID
    name: str
    number: int
    kind: str
    model: str
    revision: str
    prompt_sha256: str
    status: str
    answered: Answered
    probability: float | None
    is_calibrated: bool
    raw: str
    saw_first: str
    cost_usd: Decimal | None
    at: datetime
    flags: tuple[str, ...]
    bias: float | None
    is_combined: bool
    reason: str
    rationale: str
    critiques: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    members: tuple[MemberSaid, ...]
    strength: float | None

    @property
    def flag_words(self) -> list[str]:
        """Return what to know before the verdict is trusted."""
        return [
            _(FLAG_WORDS[flag]) if flag in FLAG_WORDS else flag for flag in self.flags
        ]


@dataclass(frozen=True)
class Lease:
    """An assignment that has no answer, such as an open, skipped or reserved one.

    `can_talk`: its person has the item in hand, and reads what is written to them.
    """

    public_id: uuid.UUID
    can_talk: bool
    annotator: str
    state: str
    skip_reason: str
    at: datetime | None
    lease_until: datetime | None


@dataclass(frozen=True)
class ItemDetail:
    """Everything that the item page shows."""

    item: Item
    n_counted: int
    target: int
    is_excluded: bool
    is_routed_away: bool
    is_taken: bool
    route: Route | None
    priority: int
    messages: tuple[Text, ...]
    completions: tuple[Text, ...]
    questions: tuple[Question, ...]
    human: tuple[HumanAnswer, ...]
    history: tuple[HumanAnswer, ...]
    machine: tuple[MachineAnswer, ...]
    leases: tuple[Lease, ...]
    flags: tuple[Flag, ...]
    previous: uuid.UUID | None
    next: uuid.UUID | None
    check: CheckItem | None

    @property
    def n_missing(self) -> int:
        """Return how many answers the item still waits for."""
        return max(self.target - self.n_counted, 0)

    @property
    def is_lined(self) -> bool:
        """Tell whether the verdicts lie on a line between A and B."""
        leans = [answer.answered.at for answer in self.human]
        leans += [answer.answered.at for answer in self.machine]
        return any(at is not None for at in leans)

    @property
    def human_words(self) -> str:
        """Return people's verdicts in words."""
        said = [answer.answered.verdict for answer in self.human]
        return "; ".join(filter(None, said)) or _("No verdict yet")

    @property
    def machine_words(self) -> str:
        """Return the machines' verdicts in words."""
        said = [answer.answered.verdict for answer in self.machine]
        return "; ".join(filter(None, said)) or _("No verdict yet")

    @property
    def n_open_flags(self) -> int:
        """Return how many flags nobody has dealt with."""
        return sum(flag.resolved_at is None for flag in self.flags)

    @property
    def metadata_json(self) -> str:
        """Return what else the file said, to read."""
        return json.dumps(self.item.metadata, ensure_ascii=False, indent=2)

    @property
    def gold_json(self) -> str:
        """Return the known answer, to read."""
        return json.dumps(self.item.gold, ensure_ascii=False, indent=2)

    @property
    def gist(self) -> str:
        """Return the beginning of the prompt, as a title."""
        text = " ".join(self.messages[-1].text.split()) if self.messages else ""
        return text if len(text) <= 120 else f"{text[:119].rstrip()}…"


def item_detail(item: Item) -> ItemDetail:
    """Return an item with all that is known of it, in nine queries."""
    completions = list(Completion.objects.filter(item=item).order_by("index"))
    entry = FrontierEntry.objects.select_related(
        "item__check_item", "item__route__decided_by"
    ).get(pk=item.pk)
    answers = _human(item)
    machine = _machine(item)
    html = rendered(
        [m["content"] for m in item.messages] + [c.text for c in completions]
    )
    n_messages = len(item.messages)
    return ItemDetail(
        item=item,
        n_counted=entry.n_counted,
        target=entry.target,
        is_excluded=entry.is_excluded,
        is_routed_away=entry.is_routed_away,
        is_taken=entry.n_taken > 0,
        route=getattr(entry.item, "route", None),
        priority=-entry.rank,
        messages=tuple(
            Text(m["role"], m["content"], html[i]) for i, m in enumerate(item.messages)
        ),
        completions=tuple(
            Text(letter(c.index), c.text, html[n_messages + i], c.model)
            for i, c in enumerate(completions)
        ),
        questions=_project_questions(item),
        human=tuple(a for a in answers if a.standing in ("current", "surplus")),
        history=tuple(a for a in answers if a.standing not in ("current", "surplus")),
        machine=machine,
        leases=_leases(item),
        flags=tuple(
            Flag.objects.filter(item=item).select_related("participant").order_by("id")
        ),
        previous=_neighbour(item, "-number", number__lt=item.number),
        next=_neighbour(item, "number", number__gt=item.number),
        check=getattr(entry.item, "check_item", None),
    )


def _project_questions(item: Item) -> tuple[Question, ...]:
    version = (
        item.project.questions_versions.filter(purpose="project")
        .order_by("-number")
        .first()
    )
    return parse_questions(version.questions) if version else ()


def _neighbour(item: Item, order: str, **past: int) -> uuid.UUID | None:
    return (
        Item.objects.filter(project_id=item.project_id, **past)
        .order_by(order)
        .values_list("public_id", flat=True)
        .first()
    )


def _human(item: Item) -> list[HumanAnswer]:
    annotations = (
        Annotation.objects.filter(item=item)
        .exclude(assignment__state=Assignment.State.WITHDRAWN)
        .select_related(
            "participant",
            "assignment__questions_version",
            "assignment__guidelines_version",
            "assignment__exposure",
        )
        .order_by("id")[:MAX_ANSWERS]
    )
    rows = list(annotations)
    later = {row.supersedes_id: row for row in rows if row.supersedes_id}
    given: dict[int, list[int]] = {}
    for row in rows:
        if not row.is_retraction:
            given.setdefault(row.assignment_id, []).append(row.pk)
    return [
        _human_answer(
            row, item, _standing(row, later.get(row.pk)), given[row.assignment_id]
        )
        for row in rows
        if not row.is_retraction
    ]


def _standing(annotation: Annotation, later: Annotation | None) -> str:
    if later is not None:
        return "taken back" if later.is_retraction else "superseded"
    is_surplus = annotation.assignment.state == Assignment.State.SURPLUS
    return "surplus" if is_surplus else "current"


def _human_answer(
    annotation: Annotation, item: Item, standing: str, given: list[int]
) -> HumanAnswer:
    """Say an answer in words; `given` are all answers of its assignment, in order."""
    assignment = annotation.assignment
    guidelines = assignment.guidelines_version
    version = assignment.questions_version
    return HumanAnswer(
        public_id=annotation.public_id,
        annotator=annotation.participant.pseudonym,
        answered=answered(
            parse_questions(version.questions), annotation.answers, item.n_completions
        ),
        standing=standing,
        saw_first=letter(assignment.order[0]) if assignment.order else "",
        active_ms=annotation.active_ms,
        total_ms=annotation.total_ms,
        reading=tuple(
            (letter(index), ms) for index, ms in enumerate(annotation.reading_ms or ())
        ),
        version=given.index(annotation.pk) + 1,
        n_versions=len(given),
        questions_number=version.number,
        is_imported=annotation.source == Annotation.Source.IMPORT,
        has_seen=has_seen(annotation),
        guidelines_number=guidelines.number if guidelines else None,
        source=annotation.source,
        can_talk=annotation.participant.user_id is not None,
        purpose=assignment.purpose,
        layout=assignment.layout,
        view=assignment.view,
        at=annotation.created_at,
    )


def _machine(item: Item) -> tuple[MachineAnswer, ...]:
    rows = list(
        PreAnnotation.objects.filter(item=item)
        .select_related("machine", "questions_version")
        .order_by("id")[:MAX_ANSWERS]
    )
    known = calibrated(rows)
    machines = {str(row.machine.public_id): row.machine for row in rows}
    return tuple(_machine_answer(row, item, known, machines) for row in rows)


def _machine_answer(
    row: PreAnnotation,
    item: Item,
    known: Mapping[int, float],
    machines: Mapping[str, MachineAnnotator],
) -> MachineAnswer:
    said = row.metadata if isinstance(row.metadata, dict) else {}
    return MachineAnswer(
        public_id=row.public_id,
        machine_id=row.machine.public_id,
        number=row.machine.number,
        flags=tuple(row.flags),
        bias=row.bias,
        is_combined=row.machine.backend not in UNCALLED,
        members=members_said(said.get("members"), machines),
        strength=said.get("strength"),
        reason=str(said.get("reason") or ""),
        rationale=str(said.get("rationale") or ""),
        critiques=_critiques(said.get("critiques")),
        tags=_tags(said.get("tags")),
        name=row.machine.name,
        kind=row.machine.get_kind_display(),
        model=row.machine.model,
        revision=row.machine.revision,
        prompt_sha256=row.machine.prompt_sha256,
        status=row.status,
        answered=answered(
            parse_questions(row.questions_version.questions),
            row.answers,
            item.n_completions,
        ),
        probability=known.get(row.pk, row.probability),
        is_calibrated=row.pk in known,
        raw=row.raw,
        saw_first=letter(row.order[0]) if row.order else "",
        cost_usd=row.cost_usd,
        at=row.created_at,
    )


def _critiques(told: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(told, list):
        return ()
    return tuple((letter(place), str(text)) for place, text in enumerate(told))


def _tags(told: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(told, dict):
        return ()
    return tuple(
        (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in told.items()
    )


def _leases(item: Item) -> tuple[Lease, ...]:
    rows = (
        Assignment.objects.filter(item=item, annotation=None)
        .exclude(state=Assignment.State.WITHDRAWN)
        .select_related("participant")
        .order_by("id")[:MAX_ANSWERS]
    )
    return tuple(
        Lease(
            public_id=row.public_id,
            can_talk=row.state == Assignment.State.OPEN
            and row.participant.user_id is not None,
            annotator=row.participant.pseudonym,
            state=row.state,
            skip_reason=row.skip_reason,
            at=row.finished_at or row.shown_at or row.created_at,
            lease_until=row.lease_until,
        )
        for row in rows
    )
