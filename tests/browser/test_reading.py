"""Reading at the desk: raw, layout, differences, prompt, sheets, conversations."""

from playwright.sync_api import expect

from annotation.formats.types import Message
from annotation.models import Assignment, GuidelinesVersion
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    PHONE_SIZE,
    ask,
    current,
    reload_desk,
    wait_until_sent,
)

LONG = "\n\n".join(f"Paragraph {number} of a long answer." for number in range(80))


def test_layout_and_view_go_with_the_answer(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], n_items=1))
    page.get_by_label("Raw").check()
    page.get_by_label("Stacked").check()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assignment = Assignment.objects.get()
    assert (assignment.layout, assignment.view) == ("stacked", "raw")


def test_choice_of_view_is_kept_for_the_next_visit(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], texts=["**bold** one", "two"]))
    expect(page.locator("[data-rendered] strong")).to_have_text("bold")
    page.get_by_label("Raw").check()
    page.reload()
    expect(page.get_by_label("Raw")).to_be_checked()
    expect(page.locator("[data-raw]:visible", has_text="**bold**")).to_have_count(1)


def test_phone_tells_that_answers_were_swiped(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], n_items=1), viewport=PHONE_SIZE)
    page.locator("[data-judge] input").first.check(force=True)
    page.get_by_role("button", name="Submit").click()
    wait_until_sent(page)
    assert Assignment.objects.get().layout == "swipe"


PAINTED = """(wanted) => wanted === [...(CSS.highlights.get("diff-only") ?? [])]
    .map((range) => range.startContainer.data.slice(range.startOffset, range.endOffset))
    .sort().join(" ")"""


def test_differences_are_marked_in_both_views(open_desk: OpenDesk) -> None:
    texts = ["The **sky** is *blue* today.", "The **sky** is `green` today."]
    project = ask([COMPARISON], texts=texts, n_items=1)
    page = open_desk(project)
    page.keyboard.press("i")
    page.wait_for_function(PAINTED, arg="blue green")
    expect(page.get_by_label("Rendered")).to_be_checked()
    page.keyboard.press("v")
    marks = page.locator("[data-raw] mark.diff-only:visible")
    assert sorted("".join(marks.all_inner_texts()).replace("*", "")) == sorted(
        "bluegreen``"
    )
    page.keyboard.press("v")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert Assignment.objects.get().view == "rendered-differences"


def test_marks_go_when_they_are_switched_off(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], texts=["one two", "one three"]))
    page.get_by_label("Mark differences").check()
    page.wait_for_function(PAINTED, arg="three two")
    page.get_by_label("Mark differences").uncheck()
    page.wait_for_function(PAINTED, arg="")


def test_texts_scroll_in_step_unless_it_is_switched_off(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], texts=[LONG, LONG + LONG]))
    first, second = page.locator("[data-text]").all()
    first.hover()
    page.mouse.wheel(0, 600)
    page.wait_for_function(
        "() => document.querySelectorAll('[data-text]')[1].scrollTop > 100"
    )
    page.get_by_label("Scroll in step").uncheck()
    before = second.evaluate("(text) => text.scrollTop")
    first.hover()
    page.mouse.wheel(0, 600)
    page.wait_for_function(
        "() => document.querySelectorAll('[data-text]')[0].scrollTop > 900"
    )
    assert second.evaluate("(text) => text.scrollTop") == before


def test_prompt_folds_and_guidelines_open_by_a_key(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    GuidelinesVersion.objects.filter(project=project).update(text="# Judge *well*")
    page = open_desk(project)
    text = page.locator("[data-prompt-text]")
    page.keyboard.press("p")
    expect(text).to_be_hidden()
    page.keyboard.press("p")
    expect(text).to_be_visible()
    page.keyboard.press("g")
    sheet = page.get_by_role("dialog", name="Guidelines")
    expect(sheet.get_by_text("Judge well")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_conversation_is_shown_turn_by_turn(open_desk: OpenDesk) -> None:
    messages = [
        Message("system", "Be kind."),
        Message("user", "Is 1 a prime?"),
        Message("assistant", "What do you think?"),
        Message("user", "I think it is not."),
    ]
    page = open_desk(ask([COMPARISON], messages=messages))
    roles = page.locator(".talk-role").all_inner_texts()
    assert roles == ["System", "User", "Assistant", "User"]
    expect(page.locator("[data-prompt-text]")).to_contain_text("I think it is not.")


def test_right_to_left_text_runs_from_the_right(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], texts=["الماء يغلي عند درجة", "Water boils."]))
    directions = {
        text.evaluate("(text) => getComputedStyle(text).direction")
        for text in page.locator("[data-rendered] p").all()
    }
    assert directions == {"rtl", "ltr"}


def test_letters_are_silent_inside_a_text_field(open_desk: OpenDesk) -> None:
    page = open_desk(ask())
    page.keyboard.press("r")
    page.keyboard.type("sxz 1 p g")
    expect(page.locator("main textarea")).to_have_value("sxz 1 p g")
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_single_keys_are_silent_once_they_are_switched_off(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(ask([COMPARISON]))
    page.keyboard.press("?")
    switch = page.get_by_label("Letters, digits and signs alone are keys")
    switch.uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("main .choice .key").first).to_be_hidden()
    page.keyboard.press("1")
    page.keyboard.press("s")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-judge] input:checked")).to_have_count(1)
    reload_desk(page)
    page.keyboard.press("g")
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Keys").last.click()
    expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Guidelines")).to_be_visible()


def test_own_answers_and_consent_are_reached_from_the_desk_on_a_phone(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(ask([COMPARISON]), viewport=PHONE_SIZE)
    page.get_by_label("Your account").click()
    menu = page.locator("details[data-menu]")
    expect(menu.get_by_role("link", name="Consent and profile")).to_be_visible()
    menu.get_by_role("link", name="Your answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")


def test_size_lines_and_space_are_kept_and_told(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2)
    page = open_desk(project, viewport={"width": 1440, "height": 1100})
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press("w")
    page.keyboard.press("d")
    page.reload()
    size = "(text) => getComputedStyle(text).fontSize"
    rendered = page.locator("[data-rendered]").first
    assert rendered.evaluate(size) == "18px"
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert current(project)[0].metadata["display"] == {
        "size_px": 18,
        "line": "full",
        "density": "compact",
        "theme": "light",
    }


def test_sheet_of_size_and_space_works_by_keyboard(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    sheet = page.get_by_label("Size and space")
    sheet.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Larger text").press("Enter")
    expect(page.locator("[data-size-said]")).to_have_text("15")
    page.get_by_role("radio", name="Short").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-line", "short")
    page.keyboard.press("Escape")
    expect(page.locator("[data-size-said]")).to_be_hidden()
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
