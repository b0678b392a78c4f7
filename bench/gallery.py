"""Photograph every page: desktop and phone, light and dark, into docs/gallery/.

    python -m bench.gallery [NAME ...]

Servers of its own, the demo with people at work, and a Chromium. Each page becomes one
small picture of its four looks, and docs/GALLERY.md names them all. NAME: only these
pages, as their pictures are called. `--raw FOLDER` also keeps each photograph there.
"""

import argparse
import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.stack import ROOT, stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "gallery"
LIST = ROOT / "docs" / "GALLERY.md"
# The picture of the README: this page, at desktop width, light.
FRONT, FRONT_PAGE = ROOT / "docs" / "images" / "annotate.png", "annotate"
# Languages of the demo that a plain system may lack letters for; Debian's package.
FONTS = {
    "Arabic": ("ar", "fonts-noto-core"),
    "Chinese": ("zh", "fonts-noto-cjk"),
    "Hindi": ("hi", "fonts-noto-core"),
    "Japanese": ("ja", "fonts-noto-cjk"),
}
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 800}
LOOKS = [(size, theme) for size in (DESK, PHONE) for theme in ("light", "dark")]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
WHO = {
    "nobody": "Before the log-in",
    "member": "A new annotator",
    "annotator": "An annotator",
    "recruited": "A recruited person",
    "ended": "A recruited person at the end",
    "gone": "A recruited person who left",
    "owner": "An owner",
}
HEAD = """\
# Gallery

Every page, photographed by `make gallery`: at desktop and at phone width, light and
dark, with the demo's data and people at work. A picture leads to itself in full size.
The same list of pages is swept for barriers in
`tests/browser/test_every_page.py`.
"""
# Four photographs side by side, of one height, as one WebP.
COMPOSE = """async (photographs) => {
    const HEIGHT = 560, GAP = 12, QUALITY = 0.55;
    const images = await Promise.all(photographs.map(async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        return image;
    }));
    const widths = images.map(({ width, height }) =>
        Math.round(width * HEIGHT / height));
    const canvas = document.createElement("canvas");
    canvas.height = HEIGHT;
    canvas.width = widths.reduce((sum, width) => sum + width + GAP, -GAP);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#8a8f98";
    context.fillRect(0, 0, canvas.width, canvas.height);
    let left = 0;
    images.forEach((image, place) => {
        context.drawImage(image, left, 0, widths[place], HEIGHT);
        left += widths[place] + GAP;
    });
    return canvas.toDataURL("image/webp", QUALITY).split(",")[1];
}"""


def has_font(language: str) -> bool:
    """Tell whether fontconfig knows a font for a language; without it none is known."""
    program = shutil.which("fc-list")
    if program is None:
        return False
    asked = [program, f":lang={language}", "family"]
    return bool(subprocess.run(asked, capture_output=True, check=False).stdout.strip())


def font_advice(has: Callable[[str], bool]) -> str:
    """Say for which languages of the demo a font is missing, and how to get it."""
    missing = {name: font for name, (code, font) in FONTS.items() if not has(code)}
    if not missing:
        return ""
    packages = " ".join(sorted(set(missing.values())))
    return (
        f"No font has the letters of {', '.join(missing)}: the photographs show boxes"
        f" in their place. On Debian: `apt-get install -y {packages}`."
    )


def listing() -> str:
    """Return docs/GALLERY.md."""
    from tests.browser.pages import PAGES

    parts = [HEAD]
    for who, title in WHO.items():
        parts.append(f"\n## {title}\n")
        for page in PAGES:
            if page.who == who:
                file = f"gallery/{page.slug}.webp"
                picture = f"[![{page.title}]({file})]({file})"
                parts.append(f"\n**{page.title}** (`{page.slug}`)\n\n{picture}\n")
    return "".join(parts)


def photographs(page: "Page") -> Iterator[bytes]:
    """Yield what the window shows, in each size and theme."""
    for size, theme in LOOKS:
        page.set_viewport_size(size)  # type: ignore[arg-type]  # width and height
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]  # light or dark
        page.reload()
        page.locator("main").first.wait_for()
        page.wait_for_load_state("networkidle")
        yield page.screenshot()


def photograph(browser: "Browser", server: str, only: set[str], raw: str) -> None:
    """Open each page as who it is for, and store its picture."""
    from django.core.cache import cache

    from annotation.selectors.workers import beat_key
    from tests.browser.desks import sign_in
    from tests.browser.pages import PAGES
    from tests.browser.study import make_study

    study: Any = make_study()
    # As where a worker runs, or each page of jobs would say that none does.
    for queue in ("default", "models"):
        cache.set(beat_key(queue), True, 3600)
    canvas = browser.new_page()
    for who in WHO:
        page = browser.new_context(base_url=server).new_page()
        if study.people[who] is not None:
            sign_in(page, study.people[who], server)
        for one in PAGES:
            if one.who != who or (only and one.slug not in only):
                continue
            page.goto(one.address(study))
            taken = list(photographs(page))
            for (size, theme), picture in zip(LOOKS, taken, strict=True):
                if raw:
                    name = f"{one.slug}.{size['width']}.{theme}.png"
                    (Path(raw) / name).write_bytes(picture)
            if one.slug == FRONT_PAGE:
                FRONT.write_bytes(taken[0])
            encoded = [base64.b64encode(picture).decode() for picture in taken]
            data = base64.b64decode(canvas.evaluate(COMPOSE, encoded))
            (FOLDER / f"{one.slug}.webp").write_bytes(data)
            print(f"{one.slug:24} {len(data) / 1024:6.1f} KiB", flush=True)
        page.context.close()


def main() -> None:
    """Start the servers, photograph, and write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--raw", default="", metavar="FOLDER")
    given = parser.parse_args()
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed: `apt-get install chromium`.")
    FOLDER.mkdir(exist_ok=True)
    advice = font_advice(has_font)
    if advice:
        print(advice, flush=True)
    # Playwright keeps a loop in this thread, beside which the study asks the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with stack() as running:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"]
            )
            server = f"http://127.0.0.1:{running.port}"
            photograph(browser, server, set(given.names), given.raw)
            browser.close()
        LIST.write_text(listing(), encoding="utf-8")
    if advice:
        print(advice, flush=True)


if __name__ == "__main__":
    main()
