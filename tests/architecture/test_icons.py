"""Every icon that a page names is drawn; an unknown name would leave a hole."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ICONS = ROOT / "annotation/templates/annotation/icon.html"
APPS = ("annotation", "models_service", "routing")


def test_every_icon_that_a_page_names_is_drawn() -> None:
    drawn = set(re.findall(r'name == "([\w-]+)"', ICONS.read_text("utf-8")))
    found = {
        (name, str(path.relative_to(ROOT)))
        for app in APPS
        for path in (ROOT / app / "templates").rglob("*.html")
        for name in re.findall(
            r'annotation/icon\.html" with name="([\w-]+)"', path.read_text("utf-8")
        )
    }
    assert len(found) > 100
    assert {one for one in found if one[0] not in drawn} == set()
