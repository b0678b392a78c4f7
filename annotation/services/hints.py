"""A kind, private line to an annotator: very fast, or all alike. It blocks nothing."""

import json
from statistics import median

from django.db.models import QuerySet

from annotation.agreement.habits import hint_words
from annotation.allocation.insertion import read_rules
from annotation.answers import main_question, parse_questions, to_presented
from annotation.models import Assignment, CheckPlan, Participant

N_LAST = 10
N_POOL = 200
# So often it is looked at, to keep a submission cheap.
N_STEP = 5


def hint_after(*, assignment: Assignment) -> str:
    """Return a hint on the last answers, "" for none; at most one in `hint_every`.

    Looks at data alone, so that it tells nothing of silent checks.
    """
    every = read_rules(assignment.project.check_rules).hint_every
    if not every:
        return ""
    person_id = assignment.participant_id
    # As it is stored: the caller's object was read before the answer was counted.
    n_done = Participant.objects.values_list("n_done", flat=True).get(pk=person_id)
    if n_done < N_LAST or n_done % N_STEP:
        return ""
    plan, _ = CheckPlan.objects.get_or_create(participant_id=person_id)
    if plan.hinted_at and n_done < plan.hinted_at + every:
        return ""
    own = _answers(Assignment.objects.filter(participant_id=person_id))
    others = Assignment.objects.filter(project_id=assignment.project_id)
    usual = [
        (ms or 0) / 1000
        for ms in others.filter(purpose="main", state="submitted")
        .exclude(annotation__active_ms=None)
        .order_by("-finished_at")
        .values_list("annotation__active_ms", flat=True)[:N_POOL]
    ]
    seconds, said = own
    words = hint_words(
        seconds, said, median(usual) if len(usual) >= N_POOL // 4 else None
    )
    if words:
        CheckPlan.objects.filter(pk=plan.pk).update(hinted_at=n_done)
    return words


def _answers(own: QuerySet[Assignment]) -> tuple[list[float], list[str]]:
    """Return the seconds and the answers, as on the screen, of the last N_LAST."""
    rows = (
        own.filter(purpose="main", state__in=("submitted", "surplus"))
        .exclude(annotation=None)
        .select_related("annotation", "questions_version")
        .order_by("-finished_at", "-id")[:N_LAST]
    )
    seconds, said = [], []
    for row in rows:
        if row.annotation is None:
            continue
        main = main_question(parse_questions(row.questions_version.questions))
        value = row.annotation.answers.get(main.name)
        shown = to_presented([main], {main.name: value}, row.order or [])
        said.append(json.dumps(shown, sort_keys=True, default=str))
        if row.annotation.active_ms is not None:
            seconds.append(row.annotation.active_ms / 1000)
    return seconds, said
