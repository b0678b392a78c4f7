"""Which answer of an assignment was given before anything of a verdict was visible.

Where answers say what people think by themselves, as when a machine is measured by
them, the blind one counts: of most assignments the current answer; of one where the
verdict was revealed, the first answer, which a later one may have superseded; of one
where it was visible from the beginning, none. Neither is an imported answer blind that
its file says was given with a suggestion in view.
"""

from collections.abc import Sequence

from django.db import connection

from annotation.models import Annotation, Exposure, Project
from annotation.suggestions import REVEALED


def of(name: str) -> tuple[str, str]:
    """Return the join and the blind answer's key for an assignment of that name.

    Where a project shows nothing, the join finds nothing.
    """
    join = f"LEFT JOIN exposure e ON e.assignment_id = {name}.id"
    answer = f"""
        CASE WHEN e.visible_at IS NOT NULL AND e.arm = 'revealed'
               THEN e.first_answer_id
             WHEN e.visible_at IS NULL AND NOT {name}.is_suggestion_visible
               THEN {name}.annotation_id END
    """
    return join, answer


# Of an assignment `a`.
EXPOSURE, ANSWER = of("a")
# The answer that holds was given with a suggestion in view.
IS_SEEN = f"""
    ((e.visible_at IS NOT NULL OR a.is_suggestion_visible)
      AND {ANSWER} IS DISTINCT FROM a.annotation_id)
"""

_HAS_SHOWN = """
    SELECT EXISTS (SELECT 1 FROM suggestion_policy WHERE project_id = %(project)s)
      OR EXISTS (SELECT 1 FROM assignment WHERE project_id = %(project)s
        AND purpose = 'imported' AND is_suggestion_visible)
"""
_SEEN = f"""
    SELECT count(*) FROM assignment a {EXPOSURE}
    WHERE a.project_id = %s AND a.state = 'submitted' AND {IS_SEEN}
"""  # noqa: S608 - our own words
_REPLACED = f"""
    SELECT n.public_id::text, b.answers::text
    FROM item i
    JOIN assignment a ON a.item_id = i.id AND a.state = 'submitted'
    {EXPOSURE}
    JOIN annotation n ON n.id = a.annotation_id
    LEFT JOIN annotation b ON b.id = {ANSWER}
    WHERE i.project_id = %s AND i.public_id = ANY(%s::uuid[]) AND {IS_SEEN}
"""  # noqa: S608 - our own words


def has_shown(project: Project) -> bool:
    """Tell whether people of a project may ever have seen a suggestion; one query.

    Here, or where its imported answers were given.
    """
    with connection.cursor() as db:
        db.execute(_HAS_SHOWN, {"project": project.pk})
        found: bool = db.fetchone()[0]
    return found


def has_seen(annotation: Annotation) -> bool:
    """Tell whether an answer was given with a suggestion in view.

    No query where its `assignment__exposure` is selected with it.
    """
    assignment = annotation.assignment
    drawn: Exposure | None = getattr(assignment, "exposure", None)
    if drawn is None or drawn.visible_at is None:
        return assignment.is_suggestion_visible
    return drawn.arm != REVEALED or annotation.created_at >= drawn.visible_at


def n_seen(project: Project) -> int:
    """Return how many current answers were given with a suggestion in view.

    One query; two where the project has ever had a policy, or a file such an answer.
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
