"""The whole path as newcomers would walk it: owner, annotator, researcher.

Project from a template, import of a file, invitation, consent, profile, ten items by
keyboard, dashboard, export, and the data set loaded as a trainer would.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Assignment, Project
from tests.factories import PASSWORD, make_user

if TYPE_CHECKING:
    from tests.workers import CeleryWorker

pytestmark = pytest.mark.django_db(transaction=True)
N_ITEMS = 10
NAME = "Everyday advice"


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A file as people bring it: JSON lines with two answers each."""
    path = tmp_path / "advice.jsonl"
    rows = [
        {
            "id": f"advice-{n}",
            "prompt": f"How do I do thing number {n}?",
            "response_a": f"Do **this** {n} times.",
            "response_b": f"Do `that` {n} times.",
            "model_a": "secret-model-one",
            "model_b": "secret-model-two",
        }
        for n in range(1, N_ITEMS + 1)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def log_in(page: Page, username: str) -> None:
    page.goto("/login/")
    page.get_by_label("Log-in").or_(page.locator("[name=username]")).first.fill(
        username
    )
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("/login/"))


def make_project(page: Page) -> str:
    """Make a project from the first template; return its address."""
    page.goto("/projects/new/")
    page.locator("[name=template][value=pairwise]").check()
    page.get_by_label("Name").fill(NAME)
    page.get_by_role("button", name="Make the project").click()
    page.wait_for_url(re.compile(r"/p/everyday-advice"))
    return "/p/everyday-advice/"


def bring_in(page: Page, project: str, file: Path) -> None:
    """Import the file: choose it, look at the preview, and wait for the job."""
    page.goto(f"{project}import/")
    page.locator("input[type=file]").set_input_files(file)
    with page.expect_navigation():
        page.locator("form:has(input[type=file]) button.btn-main").first.click()
    expect(page.get_by_text("How do I do thing number 1?").first).to_be_visible()
    assert not Annotation.objects.exists()
    page.get_by_role("button", name=re.compile("^Import")).click()
    page.wait_for_url(re.compile("/jobs/"))
    expect(page.locator("main")).to_contain_text("10 items were added", timeout=60_000)


def invite(page: Page, project: str) -> str:
    """Make an invitation and return its address, which is shown once."""
    page.goto(f"{project}people/")
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#secret").inner_text().strip()
    return address[address.index("/join/") :]


def join(page: Page, address: str) -> None:
    """Make a log-in with the link, give consent, and fill in the profile."""
    page.goto(address)
    page.locator("[name=username]").fill("newcomer")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password_again]").fill(PASSWORD)
    page.get_by_role("button", name="Make the log-in and join").click()
    page.wait_for_url(re.compile("/start/"))
    page.get_by_role("button", name="Save and start").click()
    expect(page.locator("#missing-list")).to_be_visible()
    for scope in page.locator("[name=agree]").all():
        scope.check()
    for choice in page.locator("select:has(option[value=__prefer_not])").all():
        choice.select_option("__prefer_not")
    for decline in page.locator("label").filter(has_text="Prefer not to say").all():
        decline.click()
    page.get_by_role("button", name="Save and start").click()
    page.wait_for_url(re.compile("/annotate/"))


def annotate_all(page: Page) -> None:
    """Answer ten items with the keyboard alone, and take nothing else in hand."""
    prompt = page.locator(".prompt-text")
    before = ""
    for n in range(N_ITEMS):
        expect(page.locator(".topbar")).to_contain_text(f"{n} of {N_ITEMS}")
        expect(prompt).not_to_have_text(before)
        before = prompt.inner_text()
        page.keyboard.press(str(1 + n % 6))
        page.keyboard.press("r")
        page.keyboard.type(f"Reason {n}: it says what to do.")
        page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("All items are answered")


def export(page: Page, project: str, folder: Path) -> Path:
    """Export pairs for a trainer and return the unpacked folder."""
    page.goto(f"{project}export/")
    page.get_by_text("Preference pairs (TRL, explicit prompt)").click()
    # The form is replaced by that of the format, and its button with it.
    expect(page.get_by_role("group", name="Ties")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    page.wait_for_url(re.compile("/jobs/"))
    link = page.get_by_role("link", name=re.compile("Download"))
    expect(link.first).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        link.first.click()
    target = folder / "export"
    zipfile.ZipFile(waiting.value.path()).extractall(target)
    return target


def test_newcomers_walk_the_whole_path(
    new_page: Callable[..., Page],
    celery_worker: "CeleryWorker",
    upload: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, annotator = new_page(), new_page()
    make_user("founder")
    log_in(owner, "founder")
    project = make_project(owner)
    bring_in(owner, project, upload)
    join(annotator, invite(owner, project))
    seen: list[str] = []
    annotator.on(
        "response", lambda r: seen.append(r.url) if "secret" in r.url else None
    )
    annotate_all(annotator)
    assert seen == []
    assert "secret-model" not in annotator.content()

    stored = Annotation.objects.filter(
        project=Project.objects.get(slug="everyday-advice")
    )
    assert stored.count() == N_ITEMS
    orders = Assignment.objects.values_list("order", flat=True)
    assert sorted(order or [] for order in orders) == [[0, 1]] * 5 + [[1, 0]] * 5

    owner.goto(project)
    expect(owner.locator("main")).to_contain_text("All 10 items are finished")
    folder = export(owner, project, tmp_path)
    monkeypatch.setitem(os.environ, "HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    assert len(rows) == N_ITEMS
    assert {"prompt", "chosen", "rejected"} <= set(rows.column_names)
    assert set(rows["annotator_type"]) == {"human"}
