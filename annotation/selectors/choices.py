"""What answers choose, computed by the database: the twin of verdicts.choice.

Used where many answers are compared: the disagreement filter and the figures.
"""

from collections.abc import Mapping
from typing import Any

from annotation.answers import Question, main_question, parse_questions
from annotation.models import Project, QuestionsVersion

# Each takes the answer to one question as JSON and gives a short text.
_COMPARISON = """
    CASE WHEN {answer} ->> 'both_bad' = 'true' THEN 'both bad'
         WHEN ({answer} ->> 'value')::int > 0 THEN 'A'
         WHEN ({answer} ->> 'value')::int < 0 THEN 'B'
         WHEN ({answer} ->> 'value')::int = 0 THEN 'tie' END
"""
# What is not judged might have been first, so such an answer is not compared.
_RANKING = """
    CASE WHEN {answer} -> 'not_judged' ->> 0 IS NULL THEN
    (SELECT COALESCE(string_agg(chr(65 + i::int), ' = ' ORDER BY i::int), 'none')
     FROM jsonb_array_elements_text({answer} -> 'tiers' -> 0) AS i) END
"""
_RATING = """
    (SELECT CASE WHEN max(n) = 1 THEN floor(max(mean) + 0.5)::text
                 ELSE string_agg(chr(64 + place::int), ' = ' ORDER BY place) END
     FROM (SELECT place, avg(mark::numeric) AS mean, count(*) OVER () AS n,
                  max(avg(mark::numeric)) OVER () AS best
           FROM jsonb_each({answer}) AS criterion,
                jsonb_array_elements_text(criterion.value)
                  WITH ORDINALITY AS marks(mark, place)
           WHERE mark ~ '^-?[0-9]+$' GROUP BY place) AS means
     WHERE mean = best)
"""
_CHOICE = """
    CASE jsonb_typeof({answer}) WHEN 'string' THEN {answer} #>> '{{}}'
         WHEN 'array' THEN
    (SELECT string_agg(chr(64 + place::int) || ': ' || option, ' · ' ORDER BY place)
     FROM jsonb_array_elements_text({answer}) WITH ORDINALITY AS chosen(option, place)
     WHERE option IS NOT NULL) END
"""
_BY_TYPE = {
    "comparison": _COMPARISON,
    "ranking": _RANKING,
    "rating": _RATING,
    "choice": _CHOICE,
}


def questions_of(project: Project) -> dict[int, tuple[Question, ...]]:
    """Return the questions of each version by its key, newest last; one query."""
    versions = QuestionsVersion.objects.filter(project=project).order_by("id")
    return {version.pk: parse_questions(version.questions) for version in versions}


def comparable(
    asked: Mapping[int, tuple[Question, ...]], purposes: Mapping[int, str]
) -> dict[int, tuple[Question, ...]]:
    """Return this project's own versions with the main question of the newest one."""
    own = {pk: asked[pk] for pk in asked if purposes[pk] == "project"}
    if not own:
        return {}
    newest = main_question(own[max(own)])
    return {
        pk: questions
        for pk, questions in own.items()
        if (main_question(questions).name, main_question(questions).type)
        == (newest.name, newest.type)
    }


def purposes_of(project: Project) -> dict[int, str]:
    """Return what each version of questions is for, by its key; one query."""
    versions = QuestionsVersion.objects.filter(project=project)
    return dict(versions.values_list("id", "purpose"))


def choice_sql(
    questions: Mapping[int, tuple[Question, ...]],
    *,
    version: str = "a.questions_version_id",
    answers: str = "n.answers",
) -> tuple[str, dict[str, Any]]:
    """Return an SQL expression for the choice in an answer, and its parameters.

    `version` and `answers` name the columns. The expression is NULL where an answer
    chooses nothing, so that it is never compared.
    """
    cases: list[str] = []
    parameters: dict[str, Any] = {}
    for pk, asked in questions.items():
        question = main_question(asked)
        template = _BY_TYPE.get(question.type)
        if template is not None:
            answer = f"({answers} -> %(question{pk:d})s)"
            cases.append(f"WHEN {pk:d} THEN {template.format(answer=answer)}")
            parameters[f"question{pk:d}"] = question.name
    if not cases:
        return "NULL::text", {}
    return f"CASE {version} {' '.join(cases)} END", parameters
