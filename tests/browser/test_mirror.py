"""A silent repeat at the desk: the sides swapped, and nothing else told."""

from playwright.sync_api import Page

from annotation.models import Assignment
from tests.browser.conftest import OpenDesk
from tests.browser.desks import COMPARISON, ask, desk_id, wait_for_next, wait_until_sent
from tests.checks.conftest import set_rules

# Every element with its classes and the names of its attributes, without any text.
SHAPE = """() => [...document.querySelectorAll("main *")].map((one) =>
    [one.tagName, String(one.className), ...one.getAttributeNames()].join("|"))"""


def texts(page: Page) -> list[str]:
    """Return the texts of the completions, by place."""
    return page.locator("main .completion-text").all_inner_texts()


def test_a_mirrored_repeat_swaps_the_sides_and_tells_nothing(
    open_desk: OpenDesk,
) -> None:
    project = ask([COMPARISON], n_items=6)
    set_rules(project, mirror_every=2, mirror_after_items=1, mirror_after_min=0)
    page = open_desk(project)
    seen: dict[str, tuple[list[str], list[str]]] = {}
    for _ in range(8):
        here = desk_id(page)
        assignment = Assignment.objects.select_related("item").get(public_id=here)
        prompt = str(assignment.item.external_id)
        now = (texts(page), page.evaluate(SHAPE))
        if prompt in seen:
            break
        seen[prompt] = now
        page.keyboard.press("2")
        page.keyboard.press("Control+Enter")
        wait_for_next(page, here)
        wait_until_sent(page)
    assert assignment.purpose == "mirror"
    before = seen[prompt]
    assert len(now[0]) == 2
    assert now[0] == list(reversed(before[0]))
    assert now[1] == before[1]
    said = page.locator("body").inner_text().lower()
    assert not any(word in said for word in ("mirror", "repeat", "check", "again"))
