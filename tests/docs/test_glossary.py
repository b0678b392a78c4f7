"""One word per thing: what the glossary tells to avoid names nothing in the code."""

import pytest

from tests.docs import glossary

# What a word may name all the same, and why.
ALLOWED = {
    "task": ({"tasks"}, "Celery finds its tasks in modules of this name"),
    "example": (
        {"Example", "import_example", "p//import/examples/"},
        "files to begin from, not items",
    ),
    "record": (
        {"ConsentRecord", "record"},
        "what somebody agreed to, and the verb that writes an event; not items",
    ),
    "sample": (
        {"Sample", "sample"},
        "the first rows of a file, and one of several replies of a model; not items",
    ),
    "lock": ({"_lock", "_lock_walk", "lock"}, "locks of the database, not leases"),
    "queue": ({"queue_of"}, "the messages that a worker reads, not the frontier"),
    "schema": ({"schema"}, "the OpenAPI document, not questions"),
    "score": (
        {
            "score",
            "scores_of",
            "_score",
            "score_chosen",
            "score_rejected",
            "steer_score",
        },
        "names of columns in TRL, HelpSteer and PRISM",
    ),
}


def test_glossary_has_rows_with_words_to_avoid() -> None:
    assert len(glossary.rows()) > 30
    assert {"task", "rater", "ground truth"} <= glossary.avoided()
    assert "worker" not in glossary.avoided()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("TaskList", "task"),
        ("next_tasks", "task"),
        ("ground_truths", "ground truth"),
        ("label-queue", "queue"),
    ],
)
def test_word_is_found_inside_a_name(name: str, word: str) -> None:
    assert glossary.uses(name, word)


@pytest.mark.parametrize(("name", "word"), [("multitask", "task"), ("raters", "rate")])
def test_word_is_not_found_inside_another_word(name: str, word: str) -> None:
    assert not glossary.uses(name, word)


@pytest.mark.parametrize("word", sorted(glossary.avoided()))
def test_word_to_avoid_names_nothing(word: str) -> None:
    allowed, _ = ALLOWED.get(word, (set(), ""))
    found = [name for name in glossary.names() if glossary.uses(name.name, word)]
    assert [name for name in found if name.name not in allowed] == []


def test_every_exception_is_still_needed() -> None:
    known = {name.name for name in glossary.names()}
    for word, (allowed, reason) in ALLOWED.items():
        assert reason
        assert allowed <= known, word
