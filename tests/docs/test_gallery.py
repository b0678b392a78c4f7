"""The gallery names every page of the site, and its pictures are there and small."""

import re

from bench.gallery import FRONT, FRONT_PAGE, font_advice
from tests.browser.pages import PAGES
from tests.docs.pages import ROOT, read

FOLDER = ROOT / "docs" / "gallery"
MOST_BYTES = 4_800_000


def test_gallery_shows_every_page_and_nothing_that_is_gone() -> None:
    named = set(re.findall(r"\]\(gallery/([a-z-]+)\.webp\)", read("docs/GALLERY.md")))
    assert named == {page.slug for page in PAGES}, "Run `make gallery ONLY=NAME`."
    assert named == {path.stem for path in FOLDER.glob("*.webp")}


def test_gallery_says_what_each_picture_shows() -> None:
    text = read("docs/GALLERY.md")
    assert [page.title for page in PAGES if f"**{page.title}**" not in text] == []


def test_pictures_keep_the_repository_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES


def test_front_picture_is_a_page_of_the_gallery() -> None:
    assert FRONT_PAGE in {page.slug for page in PAGES}
    assert FRONT.stat().st_size < 250_000


def test_missing_fonts_are_named_with_the_way_to_get_them() -> None:
    assert font_advice(lambda code: True) == ""
    said = font_advice(lambda code: code not in ("zh", "ja"))
    assert "Chinese, Japanese" in said
    assert "apt-get install -y fonts-noto-cjk`" in said
    assert "Arabic" not in said
