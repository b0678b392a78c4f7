"""What is looked at on a page of the site while it stands open: one visit for all.

Barriers, at each size and theme; a frame that names and skips; nothing wider than its
window, also where its reader spaces text; a focus that is seen; help that is told with
its group.
"""

from collections.abc import Iterator
from itertools import product

from playwright.sync_api import Page, ViewportSize

from tests.axe import broken_rules
from tests.counts import IS_FULL

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=800)
View = tuple[ViewportSize, str]
# Quick: each size and each theme once. Full: all four.
VIEWS: list[View] = (
    list(product((DESK, PHONE), ("light", "dark")))
    if IS_FULL
    else [(DESK, "light"), (PHONE, "dark")]
)
NARROW = ViewportSize(width=320, height=640)
# A 1440-px-wide window at 200 %.
ZOOMED = ViewportSize(width=720, height=450)
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
# Tables of ours are cards on a phone; a grid of two dimensions, and what a text brings
# along, may scroll in their box.
TABLES_SIDEWAYS = """() => [...document.querySelectorAll(".table-wrap")]
    .filter((box) => !box.closest(".prose")
        && !box.querySelector(".quota-grid") && box.scrollWidth > box.clientWidth + 1)
    .map((box) => box.getAttribute("aria-label") ?? box.outerHTML.slice(0, 120))"""
FRAME = """() => {
    const faults = [];
    if (!document.title.trim()) faults.push("has no title");
    if (!document.documentElement.lang) faults.push("has no language");
    const heads = document.querySelectorAll("h1");
    if (heads.length !== 1) faults.push(`has ${heads.length} h1`);
    const skip = document.querySelector("a.skip-link");
    const target = skip && document.querySelector(skip.getAttribute("href"));
    if (!target) faults.push("has no skip link that leads somewhere");
    return faults;
}"""
# The focused control, its label and its neighbours: any of them may draw the focus.
# And the control is not wholly behind something that sticks to the window; what lies
# in a box that scrolls by itself is not looked at.
UNSEEN_FOCUS = """() => {
    const PLACES = "a[href], button, input, select, textarea, summary, [tabindex]";
    const around = (one) => [one, one.parentElement, one.nextElementSibling,
        one.closest("label"), one.closest("fieldset, li, .field")].filter(Boolean);
    const look = (one) => around(one).map((part) => {
        const style = getComputedStyle(part);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow,
            style.borderColor, style.backgroundColor].join();
    }).join("|");
    const shown = (one) => {
        const label = one.closest("label");
        const box = one.getBoundingClientRect();
        if (box.width < 4 || one.closest("[data-text], .texts, .table-wrap"))
            return true;
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
        const at = (share, low, high) => low + share * (high - low);
        return [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
            const there = document.elementFromPoint(
                at(x, left, right), at(y, top, bottom));
            return there && (one.contains(there) || there.contains(one)
                && !there.matches("body, html, main") || label?.contains(there));
        }));
    };
    const places = [...document.querySelectorAll(PLACES)].filter((one) =>
        one.tabIndex >= 0 && !one.disabled && one.checkVisibility({
            visibilityProperty: true }));
    const faults = [];
    for (const one of places) {
        document.activeElement?.blur();
        const before = look(one);
        one.focus();
        if (document.activeElement !== one) continue;
        const name = one.outerHTML.slice(0, 120);
        if (look(one) === before) faults.push(`focus is not to be seen: ${name}`);
        if (!shown(one)) faults.push(`focus lies behind something: ${name}`);
    }
    return [places.length, faults];
}"""
# Rules of WCAG 2.2 AA that axe leaves off by itself.
AXE = {"rules": {"target-size": {"enabled": True}}}
# What a reader may set over any page, word for word from WCAG 1.4.12. It is put in by
# the rules of a style sheet in memory, since the pages allow no style of others.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important;
        letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const far = [...document.querySelectorAll("main, main *")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && box.right > innerWidth + 0.5;
    });
    const width = document.documentElement.scrollWidth;
    document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1);
    return width <= innerWidth ? [] : [`is ${width} wide when spaced: `
        + far.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(" | ")];
}"""
# A sentence of help or of what is missing that stands right in a group of controls is
# told with the group. Within a legend it is part of the name.
UNTOLD = """() => [...document.querySelectorAll("fieldset, [role=radiogroup]")]
    .flatMap((group) => [...group.children]
        .filter((one) => one.matches("p.hint, p.missing"))
        .filter((one) => !(group.getAttribute("aria-describedby") ?? "")
            .split(" ").includes(one.id || "-"))
        .map((one) => `is not told with its group: ${one.outerHTML.slice(0, 140)}`))"""
# ... and what a control or a group points to is there.
ASTRAY = """() => [...document.querySelectorAll("[aria-describedby]")]
    .flatMap((one) => one.getAttribute("aria-describedby").split(" ").filter(Boolean)
        .filter((id) => !document.getElementById(id))
        .map((id) => `points to ${id}, which is not there`))"""


def faults_of(page: Page) -> Iterator[str]:
    """Yield what is wrong with the page that is open."""
    yield from page.evaluate(FRAME)
    for size, theme in VIEWS:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # of the two
        page.set_viewport_size(size)
        for found in _barriers(page):
            yield f"{size['width']} {theme}: {found}"
    # The page is at phone width now.
    for check in (UNTOLD, ASTRAY, SPACED):
        yield from page.evaluate(check)
    for size in (PHONE, NARROW, ZOOMED):
        page.set_viewport_size(size)
        yield from _too_wide(page, size["width"])
    yield from _unseen_focus(page)


def _barriers(page: Page) -> Iterator[str]:
    """Yield what axe finds, whatever its impact."""
    for one in broken_rules(page, AXE):
        for node in one["nodes"][:3]:
            # What a model wrote has headings of its own, at levels of their own.
            if one["id"] == "heading-order" and 'dir="auto"' in node["html"]:
                continue
            yield f"{one['impact']} {one['id']}: {node['html'][:160]}"


def _too_wide(page: Page, width: int) -> Iterator[str]:
    if page.evaluate(SCROLLS_SIDEWAYS):
        yield f"scrolls sideways at {width}"
    if width <= PHONE["width"]:
        for table in page.evaluate(TABLES_SIDEWAYS):
            yield f"a table scrolls sideways at {width}: {table}"


def _unseen_focus(page: Page) -> Iterator[str]:
    for size, colours in ((DESK, "none"), (PHONE, "active")):
        page.set_viewport_size(size)
        page.emulate_media(forced_colors=colours)  # type: ignore[arg-type]  # of the two
        page.keyboard.press("Tab")
        n_places, unseen = page.evaluate(UNSEEN_FOCUS)
        assert n_places > 2
        yield from (f"{size['width']} colours {colours}: {one}" for one in unseen)
    page.emulate_media(forced_colors="none")
