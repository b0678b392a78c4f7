"""People's own words on a question, grouped by equal text, and their categories."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.models import DerivedAttribute, Project, SurveyAnswer
from annotation.selectors.profile import current_survey
from annotation.surveys import Category, SurveyQuestion, parse_survey


@dataclass(frozen=True)
class Decision:
    """What a self-description was categorised as, by whom, and what a second said."""

    categorised: str
    simplified: str
    decided_by_id: int | None
    verdict: str


@dataclass(frozen=True)
class Group:
    """People who described themselves with equal words, capitals and spaces apart.

    `decision` is None while somebody of the group has none, or they differ.
    """

    text: str
    people: tuple[int, ...]
    decision: Decision | None

    @property
    def n_people(self) -> int:
        """Return how many people wrote this."""
        return len(self.people)


@dataclass(frozen=True)
class Progress:
    """How many of the people who described themselves are categorised and verified."""

    n_people: int
    n_categorised: int
    n_verified: int


def categorised_questions(project: Project) -> list[SurveyQuestion]:
    """Return the questions of the survey in force that are categorised; one query."""
    survey = current_survey(project)
    asked = parse_survey(survey.questions) if survey else ()
    return [question for question in asked if question.is_categorised]


def same_words(text: str) -> str:
    """Return the form in which self-descriptions are equal."""
    return " ".join(text.split()).casefold()


def groups(project: Project, question: str) -> list[Group]:
    """Return the groups of a question, most frequent first; two queries."""
    by_words: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for person, text in _newest_texts(project, question).items():
        by_words[same_words(text)].append((person, text))
    decided = _decisions(project, question)
    found = []
    for members in by_words.values():
        people = tuple(sorted(person for person, _ in members))
        spelling = Counter(text for _, text in members).most_common(1)[0][0]
        decisions = {decided.get(person) for person in people}
        one = decisions.pop() if len(decisions) == 1 else None
        found.append(Group(spelling, people, one))
    return sorted(found, key=lambda group: (-group.n_people, same_words(group.text)))


def progress(found: Sequence[Group]) -> Progress:
    """Return how far the groups are done, counted in people."""
    done = [group for group in found if group.decision]
    verified = [g for g in done if g.decision and g.decision.verdict == "agreed"]
    return Progress(
        sum(group.n_people for group in found),
        sum(group.n_people for group in done),
        sum(group.n_people for group in verified),
    )


def vocabulary(question: SurveyQuestion, found: Sequence[Group]) -> list[Category]:
    """Return the categories of the question, and those that researchers added."""
    known = {category.value: category for category in question.categories}
    for group in found:
        if group.decision and group.decision.categorised not in known:
            value = group.decision.categorised
            known[value] = Category(value, group.decision.simplified)
    return list(known.values())


def _newest_texts(project: Project, question: str) -> dict[int, str]:
    """Return by person what the newest survey that asked them was told, if anything."""
    rows = SurveyAnswer.objects.filter(
        participant__project=project, question=question
    ).order_by("version__number")
    newest = {
        person: value if state == SurveyAnswer.State.ANSWERED else None
        for person, state, value in rows.values_list("participant_id", "state", "value")
    }
    return {person: str(value) for person, value in newest.items() if value is not None}


def _decisions(project: Project, question: str) -> dict[int, Decision]:
    levels: dict[int, dict[str, DerivedAttribute]] = defaultdict(dict)
    rows = DerivedAttribute.objects.filter(
        participant__project=project, question=question, is_current=True
    )
    for row in rows:
        levels[row.participant_id][row.level] = row
    return {
        person: Decision(
            row["categorised"].value,
            row["simplified"].value,
            row["categorised"].decided_by_id,
            row["categorised"].verdict,
        )
        for person, row in levels.items()
    }
