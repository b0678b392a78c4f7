"""Which answer of an assignment was given before anything of a verdict was visible.

Where answers say what people think by themselves, as when a machine is measured by
them, the blind one counts: of most assignments the current answer; of one where the
verdict was revealed, the first answer, which a later one may have superseded; of one
where it was visible from the beginning, none.
"""

from collections.abc import Sequence

from django.db import connection

from annotation.models import Project, SuggestionPolicy


def of(name: str) -> tuple[str, str]:
    """Return the join and the blind answer's key for an assignment of that name.

    Where a project shows nothing, the join finds nothing.
    """
    join = f"LEFT JOIN exposure e ON e.assignment_id = {name}.id"
    answer = f"""
        CASE WHEN e.visible_at IS NULL THEN {name}.annotation_id
             WHEN e.arm = 'revealed' THEN e.first_answer_id END
    """
    return join, answer


# Of an assignment `a`.
EXPOSURE, ANSWER = of("a")
# The answer that holds was given with a suggestion in view.
IS_SEEN = f"(e.visible_at IS NOT NULL AND {ANSWER} IS DISTINCT FROM a.annotation_id)"

_SEEN = f"""
    SELECT count(*) FROM exposure e JOIN assignment a ON a.id = e.assignment_id
    WHERE a.project_id = %s AND a.state = 'submitted' AND {IS_SEEN}
"""  # noqa: S608 - our own words
_REPLACED = f"""
    SELECT n.public_id::text, b.answers::text
    FROM item i
    JOIN assignment a ON a.item_id = i.id AND a.state = 'submitted'
    JOIN exposure e ON e.assignment_id = a.id
    JOIN annotation n ON n.id = a.annotation_id
    LEFT JOIN annotation b ON b.id = {ANSWER}
    WHERE i.project_id = %s AND i.public_id = ANY(%s::uuid[]) AND {IS_SEEN}
"""  # noqa: S608 - our own words


def has_shown(project: Project) -> bool:
    """Tell whether people of a project may ever have seen a suggestion; one query."""
    return SuggestionPolicy.objects.filter(project=project).exists()


def n_seen(project: Project) -> int:
    """Return how many current answers were given with a suggestion in view.

    One query; two where the project has ever had a policy.
    """
    if not has_shown(project):
        return 0
    with connection.cursor() as db:
        db.execute(_SEEN, [project.pk])
        found: int = db.fetchone()[0]
    return found


def blind_answers(project: Project, items: Sequence[str]) -> dict[str, str | None]:
    """Return what stands in for the answers that were given with one in view.

    The keys are public ids of annotations that hold now, the values the blind answer to
    the same assignment as JSON, or None where there is none. `items`: public ids.
    """
    with connection.cursor() as db:
        db.execute(_REPLACED, [project.pk, list(items)])
        return dict(db.fetchall())
