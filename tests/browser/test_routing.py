"""The page of routing by keyboard: a policy, its seed, and a budget that moves."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Participant, Project
from routing.models import RoutingPolicy
from tests.browser.desks import PHONE_SIZE, sign_in
from tests.browser.routed import collecting_project, judged_project, routed_project
from tests.factories import make_user
from tests.routing.conftest import run_newest, says_always, work

pytestmark = pytest.mark.django_db(transaction=True)
NewPage = Callable[..., Page]


def opened(
    new_page: NewPage, server: str, project: Project, query: str = "", **options: object
) -> Page:
    page = new_page(**options)
    sign_in(page, project.created_by, server)
    page.goto(f"/p/{project.slug}/routing/{query}")
    page.locator("#live").wait_for()
    return page


def test_policy_is_set_by_keyboard_and_the_seed_is_followed(
    new_page: NewPage, live_server_url: str, transactional_db: None
) -> None:
    project = judged_project(make_user())
    page = opened(new_page, live_server_url, project)
    expect(
        page.get_by_role("heading", name="What it buys is not known")
    ).to_be_visible()
    page.get_by_label("Careful judge").first.focus()
    page.keyboard.press("Space")
    for _field in ("n_seed",):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("40")
    page.keyboard.press("Tab")
    page.keyboard.type("50%")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Policy 1 is in force")).to_be_visible()
    run_newest(project)
    told = page.locator("#seed-words")
    expect(told).to_contain_text("0 of 40 items", timeout=30_000)
    work(Participant.objects.get(project=project), says_always, most=3)
    expect(told).to_contain_text("3 of 40 items", timeout=30_000)
    assert RoutingPolicy.objects.get().n_seed == 40


@pytest.fixture
def routed(transactional_db: None) -> Project:
    """A project whose newest fit has told what a budget buys."""
    return routed_project(make_user())


def test_budget_is_moved_by_keyboard(
    new_page: NewPage, live_server_url: str, routed: Project
) -> None:
    page = opened(new_page, live_server_url, routed)
    slider = page.get_by_role("slider", name="Items that people label")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#budget-size")).to_have_value("0")
    expect(page.locator("#h-at")).to_have_text("At $0.00")
    expect(page.get_by_text("There is nothing to choose here.")).to_be_visible()
    for _step in range(45):
        page.keyboard.press("ArrowRight")
    # The script tells it at once, the server's answer comes after it.
    expect(page.locator("[data-out=gain]")).to_have_text("+5.6")
    expect(slider).to_have_attribute("aria-valuetext", "45 of 120 items, 37.5%")
    expect(page.locator("#h-at")).to_have_text("At $9.00")
    expect(page.locator("#h-curve")).to_contain_text("5.6 points more right labels")
    expect(page.locator("[data-out=gain]")).to_have_text("+5.6")
    expect(slider).to_be_focused()
    assert page.url.endswith("?usd=9&shown=1&show=oracle")
    field = page.locator("#budget-size")
    field.fill("$12")
    expect(slider).to_have_value("60")
    expect(page.locator("#h-at")).to_have_text("At $12.00")


def test_budget_looked_at_is_taken_to_the_form_by_keyboard(
    new_page: NewPage, live_server_url: str, routed: Project
) -> None:
    page = opened(new_page, live_server_url, routed)
    page.locator("#budget-slider").focus()
    page.keyboard.press("Home")
    for _step in range(45):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#h-at")).to_have_text("At $9.00")
    page.get_by_role("link", name="Use this budget").focus()
    page.keyboard.press("Enter")
    form = page.locator("#policy-form")
    expect(form).to_contain_text("of 45 items, as you looked at it")
    expect(form.get_by_label("Budget, the seed included")).to_have_value("17")
    expect(form.get_by_label("Counted in")).to_have_value("money")
    # Unfolded, nothing is wider than the window.
    folds = "all => all.forEach(one => { one.open = true })"
    page.locator("main details").evaluate_all(folds)
    expect(page.locator(".routing-hash")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_script_and_server_say_the_same(
    new_page: NewPage, live_server_url: str, routed: Project
) -> None:
    page = opened(new_page, live_server_url, routed)
    bare = opened(new_page, live_server_url, routed, java_script_enabled=False)
    outs = ("chosen", "chosen-ends", "random", "random-ends", "gain", "gain-ends")
    page.route("**/routing/?*", lambda route: route.abort())
    for usd in ("0.2", "3.4", "7", "20.6"):
        page.locator("#budget-size").fill(usd)
        bare.locator("#budget-size").fill(usd)
        bare.keyboard.press("Enter")
        bare.get_by_role("heading", name=f"At ${float(usd):.2f}").wait_for()
        for name in outs:
            said = bare.locator(f"[data-out={name}]").inner_text()
            expect(page.locator(f"[data-out={name}]")).to_have_text(said)


def test_ways_are_shown_and_numbers_unfolded_by_keyboard(
    new_page: NewPage, live_server_url: str, routed: Project
) -> None:
    page = opened(new_page, live_server_url, routed)
    line = page.locator("#what-if-plot .line-disagreement")
    expect(line).to_have_count(0)
    box = page.get_by_role("checkbox", name="Judges who disagree")
    box.focus()
    page.keyboard.press("Space")
    expect(line).to_have_count(1)
    expect(page.get_by_role("checkbox", name="Judges who disagree")).to_be_focused()
    numbers = page.locator("summary", has_text="Numbers").first
    numbers.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Expected share of right labels by budget")
    expect(table).to_be_visible()
    expect(table.get_by_role("columnheader", name="Judges who")).to_be_visible()
    page.locator("#budget-slider").focus()
    page.keyboard.press("End")
    expect(page.locator("#h-at")).to_have_text("At $24.00")
    expect(table).to_be_visible()
    summary = page.locator("summary", has_text="Items that show it")
    summary.focus()
    page.keyboard.press("Enter")
    link = page.locator(".routing-examples a").first
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Where its label comes from").wait_for()


def test_without_a_script_the_budget_is_a_form(
    new_page: NewPage, live_server_url: str, routed: Project
) -> None:
    page = opened(new_page, live_server_url, routed, java_script_enabled=False)
    expect(page.locator("#budget-slider")).to_be_hidden()
    page.get_by_label("Budget for people's labels, in USD").fill("9")
    page.get_by_role("checkbox", name="As in the paper").check()
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#h-at")).to_have_text("At $9.00")
    expect(page.locator("#what-if-plot .line-paper")).to_have_count(1)


def test_before_a_fit_a_budget_says_what_it_asks_for(
    new_page: NewPage, live_server_url: str, transactional_db: None
) -> None:
    project = collecting_project(make_user())
    page = opened(
        new_page,
        live_server_url,
        project,
        viewport=PHONE_SIZE,
        color_scheme="dark",
        reduced_motion="reduce",
    )
    expect(page.get_by_text("27 of 40 items are labelled.")).to_be_visible()
    page.locator("#budget-size").fill("8")
    expect(page.locator("#what-if-facts")).to_contain_text("40 items")
    expect(page.locator("#what-if-facts")).to_contain_text("120 items")
    now = page.locator("#what-if-now tr[aria-current]")
    expect(now).to_contain_text("$8.00")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE_SIZE["width"]
