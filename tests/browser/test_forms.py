"""Choices, texts and rules at the desk, and that both sides check alike."""

import random
from typing import Any

from playwright.sync_api import expect

from annotation.answers import parse_questions
from annotation.conditions import asked
from tests.answers.forms import FORM, random_answers
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    ask,
    current,
    presented,
    wait_until_sent,
)

VERDICT = {
    "name": "prompt_kind",
    "type": "choice",
    "title": "What does the prompt ask for?",
    "options": ["Facts", "Advice", "Code"],
}
FLUENT = {
    "name": "fluent",
    "type": "choice",
    "title": "Is it fluent?",
    "options": ["Yes", "No"],
    "per_completion": True,
}
TIE_WHY: dict[str, Any] = {
    "name": "why",
    "type": "rationale",
    "title": "Why a tie?",
    "min_chars": 5,
    "is_required": False,
    "show_if": {"question": "preference", "answers": ["tie", "both_bad"]},
    "required_if": {"question": "preference", "answers": ["both_bad"]},
}


def test_choices_are_made_by_digits_in_turn(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON, FLUENT, VERDICT])
    page = open_desk(project)
    for key in ["1", "2", "1", "3"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0]) == {
        "preference": {"value": 3},
        "fluent": ["No", "Yes"],
        "prompt_kind": "Code",
    }


def test_a_missing_choice_is_named_at_its_place(open_desk: OpenDesk) -> None:
    page = open_desk(ask([FLUENT]))
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    row = page.locator("[data-question=fluent] [data-missing]")
    expect(row).to_have_text("Not chosen for B.")
    expect(page.locator("[data-open] span")).to_have_text(
        "“Is it fluent?” is not chosen for B."
    )
    expect(page.locator(":focus")).to_have_attribute(
        "aria-label", "Is it fluent?, answer B: Yes"
    )


def test_a_text_says_how_much_is_left_and_what_is_too_much(open_desk: OpenDesk) -> None:
    line = {"name": "topic", "type": "text", "title": "Topic", "max_chars": 5}
    project = ask([line])
    page = open_desk(project)
    field = page.get_by_label("Topic")
    field.fill("Weather")
    expect(page.locator("[data-count]")).to_have_text("2 too many")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-question=topic] [data-missing]")).to_have_text(
        "“Topic” is too long. Take 2 characters away."
    )
    # Characters are counted as people count them, on both sides.
    field.fill("ab🎉cd")
    expect(page.locator("[data-count]")).to_have_text("0 of 5 characters left")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert current(project)[0].answers == {"topic": "ab🎉cd"}


def test_a_question_appears_by_rule_and_its_words_wait(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON, TIE_WHY])
    page = open_desk(project)
    why = page.get_by_label("Why a tie?")
    expect(why).to_be_hidden()
    page.keyboard.press("=")
    expect(why).to_be_visible()
    expect(page.locator("[data-question=why] [data-optional]")).to_be_visible()
    page.keyboard.press("x")
    expect(page.locator("[data-question=why] [data-optional]")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-question=why] [data-missing]")).to_have_text(
        "“Why a tie?” is empty. Write your reasons."
    )
    why.fill("They say the same.")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(why).to_be_hidden()
    page.keyboard.press("=")
    expect(why).to_have_value("They say the same.")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0]) == {"preference": {"value": 3}}


def test_the_hand_passes_over_what_is_not_asked(open_desk: OpenDesk) -> None:
    second = {
        **COMPARISON,
        "name": "second",
        "title": "Which is less bad?",
        "show_if": {"question": "preference", "answers": ["both_bad"]},
    }
    project = ask([COMPARISON, second, VERDICT])
    page = open_desk(project)
    for key in ["1", "2"]:
        page.keyboard.press(key)
    expect(page.locator("[data-question=prompt_kind] input:checked")).to_have_value(
        "Advice"
    )
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert set(current(project)[0].answers) == {"preference", "prompt_kind"}


def test_the_desk_and_the_server_read_rules_alike(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    questions = parse_questions(FORM)
    rng = random.Random(4)
    cases = [random_answers(rng) for _ in range(300)]
    at_desk = page.evaluate(
        """async ([questions, cases]) => {
            const url = "/static/annotation/annotate/conditions.js";
            const { asked } = await import(url);
            return cases.map((answers) => {
                const { shown, hidden } = asked(questions, answers);
                const required = shown.filter((one) => one.is_required);
                return [[...hidden].sort(), required.map((one) => one.name)];
            });
        }""",
        [[plain(question) for question in FORM], cases],
    )
    at_server = []
    for answers in cases:
        shown, hidden = asked(questions, answers)
        required = [question.name for question in shown if question.is_required]
        at_server.append([sorted(hidden), required])
    assert at_desk == at_server
    assert len({str(case) for case in at_server}) > 20


def plain(question: dict[str, Any]) -> dict[str, Any]:
    """Return a question as the desk's script gets it."""
    rules = {"show_if": None, "required_if": None}
    return {"is_required": True, "strength": 3, **rules, **question}
