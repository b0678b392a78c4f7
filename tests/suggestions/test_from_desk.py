"""What people answer at the desk comes to the report as it was seen, or not seen."""

from annotation.models import MachineAnnotator, Participant, Project
from annotation.selectors.blind import n_seen
from annotation.services.suggestions import shown_with
from models_service.selectors.arrays import compared_questions, drawn_items, labels_of
from models_service.services import anchoring
from tests.suggestions.conftest import answer, claim, exposure, suggest


def blind_choices(machine: MachineAnnotator) -> list[float]:
    questions = compared_questions(machine.project)
    drawn = drawn_items(machine, questions, is_labelled=True)
    return sorted(labels_of(drawn, questions).table.choices.tolist())


def test_first_answers_count_and_what_came_after_is_told(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"revealed": 1})
    lent = claim(person)
    shown_with(lent, pool)
    order = lent.order or [0, 1]
    # Against the machine, which prefers completion 0 everywhere.
    against = -1 if order[0] == 0 else 1
    answer(lent, against)
    stored = exposure(lent)
    assert stored is not None
    assert stored.first_answer is not None
    answer(lent, -against)
    other = claim(person)
    shown_with(other, pool)
    kept = 1 if (other.order or [0, 1])[0] == 0 else -1
    answer(other, kept)
    assert blind_choices(machine) == [-1, 1]
    assert n_seen(pool) == 1
    told = anchoring.refresh(project=pool).figures
    revealed = told["arms"][1]
    assert (revealed["n"], revealed["agreement"]["value"]) == (2, 0.5)
    assert told["changes"]["towards"]["value"] == 0.5


def test_what_was_shown_from_the_beginning_is_no_label(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"shown": 1})
    lent = claim(person)
    assert shown_with(lent, pool) is not None
    answer(lent)
    assert blind_choices(machine) == []
    assert n_seen(pool) == 1
    assert anchoring.refresh(project=pool).figures["arms"][3]["n"] == 1


def test_what_came_before_the_policy_is_a_label_and_in_no_arm(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    answer(claim(person))
    suggest(pool, machine, {"blind": 1, "shown": 1})
    assert len(blind_choices(machine)) == 1
    assert anchoring.refresh(project=pool).figures["n"] == 0
