"""Fixtures for real services: a Celery worker process and a Chromium."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker, Settings
    from pytest_django.live_server_helper import LiveServer

    from annotation.charts.style import Theme
    from models_service.backends.embeddings import ChosenEncoder
    from tests.snapshots import Snapshots
    from tests.workers import CeleryWorker

# The first is the same browser without windows, and takes a third less time.
CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
)
MARKS_BY_FIXTURE = {
    "browser": "browser",
    "celery_worker": "services",
    "start_celery_worker": "services",
    "db": "database",
    "transactional_db": "database",
    "live_server": "database",
}
PLAIN = "No sentence-embedding model is installed."
WORKERS = {"celery_worker", "start_celery_worker"}


# A loaded machine makes no test fail, and the same examples are drawn in each run.
settings.register_profile(
    "known",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("known")


def pytest_configure() -> None:
    """Serve static files from their sources; hash passwords, and empty, cheaply."""
    from django.conf import settings
    from django.test import TransactionTestCase

    # As web and worker processes do: tasks that a thread sends find their broker.
    from annotation.config import celery  # noqa: F401
    from tests.emptying import empty_database

    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    TransactionTestCase._fixture_teardown = lambda self: empty_database()  # type: ignore[attr-defined]  # Django's own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the services they ask for, so that `-m` can choose them."""
    for item in items:
        for fixture, mark in MARKS_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
        if item.get_closest_marker("django_db") is not None:
            item.add_marker("database")


@pytest.fixture(autouse=True)
def unread_queue(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send tasks to a queue that nobody reads, unless the test asks for a worker.

    The session's worker would else take the jobs that a test claims and runs itself.
    Nor are its marks seen, or those of an earlier test: no worker is alive.
    """
    from annotation.config.celery import app
    from annotation.selectors import workers
    from annotation.services import jobs

    if WORKERS & set(request.fixturenames):
        return
    monkeypatch.setattr(jobs, "queue_of", lambda kind: "unread")
    monkeypatch.setattr(workers, "beat_key", f"{uuid4()}:{{}}".format)
    for name, task in app.tasks.items():
        if not name.startswith("celery."):
            monkeypatch.setattr(task, "queue", "unread", raising=False)
            # Celery keeps a task's options after its first message.
            monkeypatch.setattr(task, "_exec_options", None)


@cache
def plain_one() -> "ChosenEncoder":
    """Make it for the first test that compares texts: its library loads for seconds."""
    from models_service.backends import embeddings

    return embeddings.ChosenEncoder(embeddings.HashingEncoder(), PLAIN)


@pytest.fixture(autouse=True)
def plain_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare texts by their spelling, also where the optional weights are installed.

    A test has the same figures everywhere, and loads no model that it did not name.
    """
    from models_service.backends import embeddings

    monkeypatch.setattr(embeddings, "default_encoder", plain_one)


@pytest.fixture(autouse=True, scope="session")
def drawn_once() -> Iterator[None]:
    """Draw a figure once, however many tests want it: what is specified is drawn."""
    from annotation.charts import style

    draw, drawn = style.draw, dict[str, str]()

    def kept(spec: dict[str, Any], theme: "Theme") -> str:
        key = json.dumps([spec, theme], sort_keys=True)
        if key not in drawn:
            drawn[key] = draw(spec, theme)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "draw", kept)
        yield


@pytest.fixture
def pseudo_locale(settings: "Settings", tmp_path: Path) -> str:
    """Offer the languages that nobody speaks; returns the code of the first one.

    A client asks for it by `Accept-Language`, a browser by the option `locale`.
    """
    from tests.pseudo_locale import CODES, write

    write(tmp_path / "locale")
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [*settings.LANGUAGES, *((code, code) for code in CODES)]
    return CODES[0]


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> "Snapshots":
    """What takes long to lay into the database, for all tests and all their processes.

    The test that asks for something laid needs an empty database.
    """
    from tests.snapshots import Snapshots

    folder = tmp_path_factory.getbasetemp()
    is_one_of_many = "PYTEST_XDIST_WORKER" in os.environ
    return Snapshots(folder.parent if is_one_of_many else folder)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: "DjangoDbBlocker"
) -> Iterator[None]:
    """End the sessions that are left: one alone keeps the database from being dropped.

    A backend ends some time after its client has gone, and on a loaded machine later
    than the drop waits for it.
    """
    from django.db import connection

    yield
    with django_db_blocker.unblock(), connection.cursor() as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user"
            " AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def celery_worker(
    django_db_setup: None,
    django_db_blocker: "DjangoDbBlocker",
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator["CeleryWorker"]:
    """A real worker of both queues; the test needs `django_db(transaction=True)`."""
    from annotation.config.celery import app
    from tests.workers import start_worker

    app.control.purge()
    with django_db_blocker.unblock():
        worker = start_worker(tmp_path_factory.mktemp("worker"))
    yield worker
    worker.stop()


@pytest.fixture
def start_celery_worker(
    transactional_db: None, tmp_path: Path
) -> Iterator[Callable[..., "CeleryWorker"]]:
    """A function that starts a further worker, to be killed at will."""
    from tests.workers import CeleryWorker, start_worker

    started: list[CeleryWorker] = []

    def start(**options: str) -> CeleryWorker:
        started.append(start_worker(tmp_path, **options))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def live_server_url(live_server: "LiveServer") -> str:
    """The address of Django's live server."""
    return str(live_server.url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; Playwright's own download is not used."""
    found = [path for name in CHROMIUM_NAMES if (path := shutil.which(name))]
    if not found:
        reason = "Chromium is not installed: `apt-get install chromium`."
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses to run as root and in most containers.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=found[0], args=arguments)
        # What a page is expected to show may take as long as what is done to it.
        expect.set_options(timeout=15_000)
        yield running
        running.close()


class UnderWay:
    """The requests that the live server is answering, each on a thread of its own."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.changed = threading.Condition()
        request_started.connect(self.begun)
        request_finished.connect(self.ended)

    def begun(self, **_: object) -> None:
        # The test's own clients answer on its thread, and need no waiting for.
        if threading.current_thread() is not threading.main_thread():
            with self.changed:
                self.threads.add(threading.get_ident())

    def ended(self, **_: object) -> None:
        with self.changed:
            self.threads.discard(threading.get_ident())
            self.changed.notify_all()

    def settle(self) -> None:
        """Wait for the last answer: emptying the database would meet its locks."""
        with self.changed:
            is_over = self.changed.wait_for(lambda: not self.threads, timeout=30)
        request_started.disconnect(self.begun)
        request_finished.disconnect(self.ended)
        assert is_over, "a request is still being answered"


@pytest.fixture
def new_page(
    browser: Browser, live_server: "LiveServer"
) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a context (a cookie jar) of its own.

    An error in a script of ours, or a breach of the content policy, fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    under_way = UnderWay()

    def open_page(**options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # passed on
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    under_way.settle()
    assert errors == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page at 1280 x 800 whose relative addresses reach the live server."""
    return new_page(viewport={"width": 1280, "height": 800})
