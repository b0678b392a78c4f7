"""Training at the desk: feedback before anything else, all by keyboard."""

from playwright.sync_api import expect

from annotation.models import Item
from annotation.services.checks import use_as_check
from tests.browser.conftest import OpenDesk
from tests.browser.desks import COMPARISON, ask, desk_id, wait_for_next
from tests.checks.conftest import set_rules

STAGE_AND_END = ("stage", "qualification")


def test_feedback_comes_after_a_training_item_by_keyboard(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=3)
    item = Item.objects.filter(project=project).order_by("number")[0]
    gold = {
        "use": "training",
        "answers": {"preference": {"accept": [0]}},
        "explanation": "Both say **the same**.",
    }
    use_as_check(item=item, gold=gold, by=project.created_by)
    set_rules(project, n_training=1)
    page = open_desk(project)
    expect(page.locator("[data-matter=stage]")).to_contain_text("training item")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Something else was expected"
    )
    expect(page.locator("main")).to_contain_text("Expected: Tie")
    expect(page.locator("main strong", has_text="the same")).to_be_visible()
    page.keyboard.press("Enter")
    wait_for_next(page, "")
    expect(page.locator("[data-matter=stage]")).to_have_count(0)
    assert desk_id(page)


def test_end_of_an_attempt_stays_to_be_read(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=4)
    for item in Item.objects.filter(project=project).order_by("number")[:2]:
        gold = {"use": "qualification", "answers": {"preference": {"accept": [0]}}}
        use_as_check(item=item, gold=gold, by=project.created_by)
    set_rules(project, n_qualification=1, wait_hours=0)
    page = open_desk(project)
    stage, ended = (page.locator(f"[data-matter={m}]") for m in STAGE_AND_END)
    expect(stage).to_contain_text("This item belongs to the qualification.")
    first = desk_id(page)
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    second = wait_for_next(page, first)
    expect(ended).to_contain_text("0 of 1 were as expected")
    expect(stage).to_contain_text("a further attempt")
    page.keyboard.press("=")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, second)
    expect(ended).to_contain_text("You are through the qualification: 1 of 1")
    ended.get_by_role("button", name="Close").click()
    expect(ended).to_have_count(0)
