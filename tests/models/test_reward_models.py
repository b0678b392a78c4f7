"""The reward model of a project: what it learns from, what it stores, what it says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.errors import InvalidError
from annotation.models import Annotation, FrontierEntry, Item, Participant, Project
from models_service.backends.embeddings import ChosenEncoder, HashingEncoder
from models_service.models import Head
from models_service.selectors.labelled_pairs import (
    PairLabel,
    TextItem,
    labelled_items,
    unlabelled_items,
)
from models_service.services.reward_models import reward_items, train_reward_model
from tests.exports.build import COMPARISON
from tests.exports.study import Study, grade, make_lists, make_pairs

CHOSEN = ChosenEncoder(HashingEncoder(256))
KIND = ["kind", "patient", "clear", "helpful", "warm"]
RUDE = ["rude", "curt", "vague", "useless", "cold"]
FILLER = ["we", "think", "that", "this", "reply", "tells", "you", "about", "it"]


def texts(rng: np.random.Generator) -> tuple[str, str]:
    """Return a kind and a rude reply; either may be the longer one."""
    found = []
    for words in (KIND, RUDE):
        chosen = [*rng.choice(words, 2), *rng.choice(FILLER, rng.integers(2, 9))]
        rng.shuffle(chosen)
        found.append(" ".join(chosen))
    return found[0], found[1]


def add_items(study: Study, n: int, seed: int = 0) -> list[tuple[Item, int]]:
    """Add items with a kind and a rude reply; 1 where the kind one comes first."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        kind, rude = texts(rng)
        sign = 1 if rng.random() < 0.5 else -1
        pair = (kind, rude) if sign > 0 else (rude, kind)
        prompt = f"How do I mend thing {seed}-{number}?"
        made.append((study.item([("user", prompt)], pair), sign))
    return made


@pytest.fixture
def study(db: None) -> Study:
    return Study("heads", [COMPARISON])


@pytest.fixture
def anna(study: Study) -> Participant:
    return study.person("anna", ["research"])


@pytest.fixture
def labelled(study: Study, anna: Participant) -> Study:
    """80 labelled items of which two labels are wrong, then 12 without a label."""
    for number, (item, sign) in enumerate(add_items(study, 80)):
        study.answer(item, anna, grade(-sign if number in (7, 40) else sign * 2))
    add_items(study, 12, seed=1)
    return study


def pairs_of(project: Project) -> dict[int, tuple[PairLabel, ...]]:
    numbers = {str(i.public_id): i.number for i in project.items.all()}
    found = [item for batch in labelled_items(project) for item in batch]
    return {numbers[item.id]: item.pairs for item in found}


# --- what it learns from ------------------------------------------------------------


def test_only_current_answers_that_count_are_learned_from(db: None) -> None:
    found = pairs_of(make_pairs())
    sums, talk, sheet = (found[number] for number in (1, 2, 3))
    # Two of three steps for A and one of three for B.
    assert [replace(one, target=0.0) for one in sums] == [
        PairLabel(0, 1, 0.5, 0.0, 2.0, 2)
    ]
    assert sums[0].target == pytest.approx(0.5 + 1 / 12)
    # A tie; “both bad” tells nothing of one against the other.
    assert talk == (PairLabel(0, 1, 0.5, 0.5, 1.0, 1),)
    # Surplus, withdrawn and taken back are left out; a file's label is not.
    assert sheet == (PairLabel(0, 1, 1.0, 1.0, 1.0, 1),)


def test_rankings_are_pairs_whose_weights_add_up_to_one_answer(db: None) -> None:
    found = pairs_of(make_lists())
    assert found
    for pairs in found.values():
        assert all(0 <= p.label <= 1 and 0 <= p.target <= 1 for p in pairs)
    assert max(len(pairs) for pairs in found.values()) > 1


def test_items_without_a_label_are_those_left_to_machines(labelled: Study) -> None:
    left = list(unlabelled_items(labelled.project))
    assert len(left) == 12
    assert len(left[0].completions) == 2
    assert left[0].prompt == "How do I mend thing 1-0?"
    FrontierEntry.objects.filter(item_id=left[0].key).update(is_excluded=True, target=0)
    assert [i.id for i in unlabelled_items(labelled.project)] == [
        i.id for i in left[1:]
    ]


def test_too_few_labels_are_refused_with_how_many_are_missing(
    study: Study, anna: Participant
) -> None:
    for item, sign in add_items(study, 27):
        study.answer(item, anna, grade(sign))
    with pytest.raises(InvalidError, match="needs 30 labelled pairs, and 3 are miss"):
        train_reward_model(project=study.project, chosen=CHOSEN)
    assert not Head.objects.exists()


# --- what it stores and says --------------------------------------------------------


def test_a_head_is_better_than_length_alone_and_says_by_how_much(
    labelled: Study,
) -> None:
    head = train_reward_model(project=labelled.project, chosen=CHOSEN)
    assert (head.number, head.n_pairs, head.n_votes, head.n_prompts) == (1, 80, 80, 80)
    figures = head.figures
    value, low, high = figures["head"]["accuracy"]
    assert low <= value <= high
    assert value > 0.85
    assert figures["accuracy_gain"][1] > 0
    assert not figures["is_split_by_item"]
    json.dumps(figures, allow_nan=False)


def test_a_head_labels_what_nobody_has_labelled(labelled: Study) -> None:
    head = train_reward_model(project=labelled.project, chosen=CHOSEN)
    said = reward_items(
        head, unlabelled_items(labelled.project), encoder=CHOSEN.encoder
    )
    right = [
        (one.p_a > 0.5) == any(word in one.item.completions[0] for word in KIND)
        for one in said
    ]
    assert len(right) == 12
    assert sum(right) >= 11


def test_both_orders_of_an_item_have_probabilities_that_add_up(
    labelled: Study,
) -> None:
    head = train_reward_model(project=labelled.project, chosen=CHOSEN)
    there = TextItem("1", "What?", ("A kind word.", "A rude one."))
    back = TextItem("2", "What?", there.completions[::-1])
    same = TextItem("3", "What?", ("Equal.", "Equal."))
    one, two, three = reward_items(head, [there, back, same], encoder=CHOSEN.encoder)
    assert one.p_a + two.p_a == 1
    assert one.rewards == two.rewards[::-1]
    assert three.p_a == 0.5


def test_wrong_labels_are_suspicious_and_stay_as_they_are(labelled: Study) -> None:
    before = list(Annotation.objects.order_by("id").values_list("answers"))
    head = train_reward_model(project=labelled.project, chosen=CHOSEN)
    numbers = dict(Item.objects.values_list("public_id", "number"))
    named = {str(key): number for key, number in numbers.items()}
    worst = [named[one["item"]] for one in head.figures["suspicious"][:4]]
    assert {8, 41} <= set(worst)
    assert list(Annotation.objects.order_by("id").values_list("answers")) == before


def test_the_same_labels_give_the_same_head_under_the_next_number(
    labelled: Study,
) -> None:
    first = train_reward_model(project=labelled.project, chosen=CHOSEN)
    second = train_reward_model(project=labelled.project, chosen=CHOSEN)
    assert second.number == 2
    assert bytes(first.weights) == bytes(second.weights)
    assert first.figures == second.figures


def test_one_prompt_alone_is_split_by_item_and_says_so(
    study: Study, anna: Participant
) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        item = study.item([("user", "Same?")], texts(rng))
        study.answer(item, anna, grade(1))
    head = train_reward_model(project=study.project, chosen=CHOSEN)
    assert head.figures["is_split_by_item"]
    assert head.n_prompts == 1


def test_completions_that_all_read_the_same_teach_nothing(
    study: Study, anna: Participant
) -> None:
    for number in range(30):
        item = study.item([("user", f"{number}?")], ("Same.", "Same."))
        study.answer(item, anna, grade(1))
    with pytest.raises(InvalidError, match="nothing to learn from"):
        train_reward_model(project=study.project, chosen=CHOSEN)


def test_another_encoder_cannot_score(labelled: Study) -> None:
    head = train_reward_model(project=labelled.project, chosen=CHOSEN)
    items: Iterator[TextItem] = unlabelled_items(labelled.project)
    with pytest.raises(InvalidError, match="Train it again"):
        next(reward_items(head, items, encoder=HashingEncoder(512)))


# --- the command --------------------------------------------------------------------


def test_the_command_trains_and_prints_the_figures(labelled: Study) -> None:
    out = StringIO()
    slug = labelled.project.slug
    call_command("train_reward_model", project=slug, encoder="hashing", stdout=out)
    said = out.getvalue()
    assert "Reward model 1: 80 pairs, 80 votes, 80 prompts" in said
    assert "length_alone: accuracy" in said
    assert Head.objects.get().source == "hashing"


def test_the_command_says_what_is_wrong(study: Study) -> None:
    with pytest.raises(CommandError, match="no project 'none'"):
        call_command("train_reward_model", project="none")
    with pytest.raises(CommandError, match="30 are missing"):
        call_command(
            "train_reward_model", project=study.project.slug, encoder="hashing"
        )
