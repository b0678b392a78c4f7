"""What is acknowledged survives SIGKILL of the web and the database, counted once."""

import json
import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from tests.counts import n_runs
from tests.faults.conftest import Fragile

N_ITEMS = n_runs(40, 3_000)
# So many that nobody comes to the limit of calls in a minute.
N_PEOPLE = n_runs(4, 60)
PAUSE_S = 0.05

# Run inside the installation: a pool, and annotators with a token each.
SET_UP = f"""
import hashlib, json
from django.contrib.auth.models import User
from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import ApiToken, Membership, Participant
from annotation.services.imports import store_items
from annotation.services.projects import create_project
owner = User.objects.create(username="owner")
project = create_project(user=owner, name="Fragile", template="pairwise", overlap=2)
store_items(project=project, items=[
    ItemDraft(n, (Message("user", f"Q{{n}}"),),
              (CompletionDraft("One."), CompletionDraft("Two.")))
    for n in range(1, {N_ITEMS} + 1)])
for n in range({N_PEOPLE}):
    user = User.objects.create(username=f"p{{n}}")
    Membership.objects.create(project=project, user=user, role="annotator")
    Participant.objects.create(
        project=project, user=user, pseudonym=f"p{{n}}", is_ready=True)
    ApiToken.objects.create(user=user, name="t", prefix="t",
        secret_sha256=hashlib.sha256(f"token-{{n}}".encode()).hexdigest())
print("slug=" + project.slug)
"""
LOOK = """
import json
from annotation.models import Annotation, FrontierEntry, Project
from annotation.services.frontier import rebuild_frontier
print("found=" + json.dumps({
    "ids": [str(i) for i in Annotation.objects.values_list("public_id", flat=True)],
    "over": FrontierEntry.objects.filter(n_counted__gt=2).count(),
    "mended": sum(rebuild_frontier(project=p) for p in Project.objects.all()),
}))
"""
TOO_MANY = 429
DEFAULTS: dict[str, object] = {
    "comparison": {"value": 1},
    "rationale": "The first one answers the question.",
}


def read(output: str, name: str) -> str:
    (line,) = [li for li in output.splitlines() if li.startswith(f"{name}=")]
    return line.removeprefix(f"{name}=")


def answers(desk: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for question in desk["questions"]:
        kind, offered = str(question["type"]), question["reasons"] or question["levels"]
        assert isinstance(offered, list)
        found[str(question["name"])] = DEFAULTS.get(kind) or (
            offered[:1] if kind == "tags" else offered[0]
        )
    return found


class Worker:
    """An annotator whose browser retries until it is told."""

    def __init__(self, stack: Fragile, slug: str, token: str, stop: threading.Event):
        self.stack, self.slug, self.token, self.stop = stack, slug, token, stop
        self.acknowledged: list[str] = []

    def insist(self, path: str, body: object) -> tuple[int, object]:
        while not self.stop.is_set():
            try:
                status, answer = self.stack.post(path, self.token, body)
            except OSError:
                status, answer = 503, None
            if status < 500 and status != TOO_MANY:
                return status, answer
            self.stop.wait(PAUSE_S)
        return 0, None

    def work(self) -> None:
        next_path = f"/api/v1/projects/{self.slug}/assignments/next/"
        while not self.stop.is_set():
            status, desk = self.insist(next_path, {})
            if status != 200 or not isinstance(desk, dict):
                return
            path = f"/api/v1/assignments/{desk['assignment']['id']}/submit/"
            body = {"submission_id": str(uuid.uuid4()), "answers": answers(desk)}
            status, stored = self.insist(path, body)
            assert status in (0, 200, 201), (status, stored)
            if isinstance(stored, dict):
                self.acknowledged.append(stored["annotation"]["id"])


def wait_for(workers: list[Worker], running: list["Future[None]"], n: int) -> None:
    """Wait until so many answers are acknowledged; fail if everybody stops before."""
    while sum(len(worker.acknowledged) for worker in workers) < n:
        assert not all(work.done() for work in running), "nobody works any more"
        wait(running, timeout=0.02)


@pytest.mark.services
def test_acknowledged_answers_survive_kill_and_are_counted_once(
    fragile: Fragile,
) -> None:
    slug = read(fragile.manage("shell", "-c", SET_UP), "slug")
    stop = threading.Event()
    workers = [Worker(fragile, slug, f"token-{n}", stop) for n in range(N_PEOPLE)]
    total = 2 * N_ITEMS
    with ThreadPoolExecutor(N_PEOPLE) as pool:
        running = [pool.submit(worker.work) for worker in workers]
        try:
            wait_for(workers, running, total // 4)
            fragile.kill_web_workers()
            wait_for(workers, running, total // 2)
            fragile.kill_database()
            wait_for(workers, running, total * 3 // 4)
            fragile.kill_database()
            for work in running:
                work.result(timeout=600)
        finally:
            stop.set()
    found = json.loads(read(fragile.manage("shell", "-c", LOOK), "found"))
    acknowledged = [one for worker in workers for one in worker.acknowledged]
    assert len(acknowledged) == len(set(acknowledged)) == total
    assert set(acknowledged) <= set(found["ids"])
    assert len(found["ids"]) == total
    assert (found["over"], found["mended"]) == (0, 0)
