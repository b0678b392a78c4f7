"""Step set-up: a second protocol for a share of the items, its form and its rules."""

from django.contrib.auth.models import User
from django.db import transaction

from annotation.allocation.pairing import BOUNDS, ProtocolRules
from annotation.answers import Problem, parse_questions
from annotation.errors import InvalidError
from annotation.models import Project, QuestionsVersion
from annotation.second_form import HIGHEST, LOWEST, SecondForm, other_kind
from annotation.services import pairings
from annotation.services.events import record
from annotation.services.versions import publish_questions
from annotation.words import gettext as _

SECOND = QuestionsVersion.Purpose.SECOND_PROTOCOL


@transaction.atomic
def set_second_protocol(
    *, project: Project, form: SecondForm, rules: ProtocolRules, by: User
) -> Project:
    """Set what the second protocol asks, of which items and when; a share of 0 ends it.

    Its form has versions of its own. People who are at work go on where they are. Where
    it ends, nobody is asked another half any more, and what was reserved for one
    returns to the pool as overdue leases do; answers given stay.

    Raises InvalidError with every fault named.
    """
    # The lock makes who publishes questions of another kind at this moment wait.
    row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    problems = _problems(project, form, rules)
    if problems:
        said = _("The second protocol needs mending.")
        raise InvalidError(said, problems=problems)
    if not rules.is_off:
        publish_questions(
            project=project, user=by, questions=form.to_questions(), purpose=SECOND
        )
    row.protocol_rules = rules.to_json()
    row.save(update_fields=["protocol_rules"])
    if rules.is_off:
        pairings.end_soon(project=row)
    record(project=row, user=by, kind="second_protocol_changed", **row.protocol_rules)
    return row


def second_questions(project: Project) -> QuestionsVersion | None:
    """Return the newest questions of the second protocol; one query."""
    return (
        QuestionsVersion.objects.filter(project=project, purpose=SECOND)
        .order_by("-number")
        .first()
    )


def _problems(
    project: Project, form: SecondForm, rules: ProtocolRules
) -> list[Problem]:
    problems = [
        Problem(
            name,
            _("This is a number from {low} to {high}.").format(low=low, high=high),
        )
        for name, (low, high) in BOUNDS.items()
        if not low <= getattr(rules, name) <= high
    ]
    version = project.current_questions()
    kind = other_kind(parse_questions(version.questions)) if version else None
    if not rules.is_off and kind != form.kind:
        text = _("No second protocol fits beside the questions of this project.")
        if kind == "rating":
            text = _("Beside the questions of this project a rating is asked.")
        elif kind:
            text = _("Beside the questions of this project a comparison is asked.")
        problems.append(Problem("share_percent", text))
    if not form.title.strip():
        problems.append(Problem("title", _("Write what is asked.")))
    if form.kind == "rating" and not LOWEST <= form.low < form.high <= HIGHEST:
        text = _("A scale goes up, from {low} or more to {high} or less.").format(
            low=LOWEST, high=HIGHEST
        )
        problems.append(Problem("high", text))
    if form.kind == "comparison" and not 1 <= form.strength <= 3:
        problems.append(Problem("strength", _("Strength is 1, 2 or 3.")))
    return problems
