"""What axe finds on a page: barriers to people who use it with aids."""

from collections.abc import Mapping
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Axe is put into a page once. Only what it finds wrong is brought back: to tell of all
# that is right takes four times as long.
IS_THERE = "typeof axe === 'object'"
# What comes in slowly is pale until it is there. What moves for ever is not waited for.
FIND = """async (options) => {
    const moving = document.getAnimations().filter((one) =>
        one.playState === "running" && one.effect.getComputedTiming().endTime < 5_000);
    await Promise.allSettled(moving.map((one) => one.finished));
    return (await axe.run({ ...options, resultTypes: ["violations"] })).violations;
}"""


def broken_rules(page: Page, options: Mapping[str, Any] | None = None) -> list[Any]:
    """Return the rules that are broken, each with its `nodes`, as axe tells them."""
    if not page.evaluate(IS_THERE):
        page.evaluate(Axe().axe_script)
    found: list[Any] = page.evaluate(FIND, dict(options or {}))
    return found


def violations(page: Page) -> list[str]:
    """Return what stands in somebody's way, as one line for each element."""
    return [
        f"{rule['id']}: {node['html']}"
        for rule in broken_rules(page)
        for node in rule["nodes"]
    ]


def violations_by_theme(page: Page) -> list[str]:
    """Return what axe finds in either theme, without loading the page again."""
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        found += [f"{theme}: {one}" for one in violations(page)]
    return found
