"""Polyphony's own processes: how each is started, watched and stopped.

Used by `up`. A child that dies is started again, later each time.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from annotation.config import env
from annotation.config.supervisor.environment import ROOT
from annotation.config.supervisor.processes import spawn

LONGEST_PAUSE = 30.0
# A child that lived this long was healthy; its next death starts from a short pause.
HEALTHY_AFTER = 60.0
# What a child is asked with, in turn, and how long it may take. Celery finishes its
# running jobs at the first and hands them back to the queue at the second.
STOP_STEPS = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 10.0))
# A GPU by its number, or by the name that the driver gives it.
_GPU = re.compile(r"[0-9]+|(?:GPU|MIG)-[0-9A-Za-z/-]+")


@dataclass
class Child:
    """One process of the platform; `say` reaches the operator's terminal.

    `log` None: its output goes where ours does. `sets`: variables of its own.
    """

    name: str
    command: list[str]
    log: Path | None
    say: Callable[[str], None]
    pass_fds: tuple[int, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    n_deaths: int = 0
    started_at: float = 0.0
    next_start_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        self.process = spawn(
            self.command,
            log=self.log,
            env=env.with_values(self.sets),
            cwd=ROOT,
            pass_fds=self.pass_fds,
        )
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        """Return whether the process was started and is gone."""
        return self.process is not None and self.process.poll() is not None

    def watch(self) -> None:
        """Note a death, and start the process again once its pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start_at:
                self.start()
            return
        if not self.has_ended():
            return
        if now - self.started_at > HEALTHY_AFTER:
            self.n_deaths = 0
        pause = min(2.0**self.n_deaths, LONGEST_PAUSE)
        self.say(
            f"The process {self.name} ended (exit code {self.process.returncode}) "
            f"and starts again in {pause:.0f} s."
            + (f" Its log is {self.log}." if self.log else "")
        )
        self.kill_group()
        self.n_deaths += 1
        self.process = None
        self.next_start_at = now + pause

    def signal(self, sig: signal.Signals) -> None:
        """Send a signal to the process where it is alive."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sig)

    def kill_group(self) -> None:
        """Kill what is left of the process and of the pool it started."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def stop_all(children: list[Child]) -> None:
    """Stop all children together: ask, ask harder, kill."""
    for sig, patience in STOP_STEPS:
        for child in children:
            child.signal(sig)
        deadline = time.monotonic() + patience
        for child in children:
            _wait(child, deadline)
    for child in children:
        child.kill_group()
        _wait(child, time.monotonic() + 5)


def _wait(child: Child, deadline: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def _celery(*words: str) -> list[str]:
    celery = [sys.executable, "-W", "ignore::RuntimeWarning:celery.platforms"]
    # The checks ran with the migrations; here they would load every view.
    celery += ["-m", "celery", "--skip-checks", "-A", "annotation.config.celery"]
    return [*celery, *words]


def _worker(*words: str) -> list[str]:
    return _celery("worker", "--without-gossip", "--without-mingle", *words)


def model_gpus() -> list[str]:
    """Return the GPUs of this host that are to have a worker each; none = one for all.

    Raises ImproperlyConfigured where MODEL_GPUS names something else, or one twice.
    """
    found = env.items("MODEL_GPUS")
    if any(not _GPU.fullmatch(one) for one in found):
        raise ImproperlyConfigured(
            f"MODEL_GPUS={','.join(found)!r} does not list GPUs by their numbers or "
            "names, such as 0,1."
        )
    if len(set(found)) < len(found):
        raise ImproperlyConfigured(
            f"MODEL_GPUS={','.join(found)!r} names a GPU twice. Each has one worker."
        )
    return found


def model_workers(gpus: list[str]) -> dict[str, dict[str, str]]:
    """Return the workers of the queue `models` with the variables that they set."""
    if not gpus:
        return {"models": {}}
    return {f"models{at}": {"CUDA_VISIBLE_DEVICES": gpu} for at, gpu in enumerate(gpus)}


def model_children(
    logs: Path | None, say: Callable[[str], None], gpus: list[str]
) -> list[Child]:
    """Return the workers of the queue `models`: one for each GPU, else one."""
    return [
        Child(
            name,
            # Threads: a process that has loaded torch must never fork.
            _worker("-Q", "models", "-n", f"{name}@%h", "-P", "threads", "-c", "1"),
            logs / f"{name}.log" if logs else None,
            say,
            sets=sets,
        )
        for name, sets in model_workers(gpus).items()
    ]


def platform_children(
    logs: Path, say: Callable[[str], None], *, listener: int, beat_file: Path
) -> list[Child]:
    """Return web, the workers and beat, in the order in which they start."""
    web = Child(
        "web",
        [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener}"),
            *("-c", "python:annotation.config.gunicorn_conf"),
            "annotation.config.wsgi:application",
        ],
        logs / "web.log",
        say,
        pass_fds=(listener,),
    )
    worker = Child(
        "worker",
        _worker("-Q", "default", "-n", "default@%h", "-c", "2"),
        logs / "worker.log",
        say,
    )
    beat = Child(
        "beat",
        _celery("beat", "-s", str(beat_file), "--pidfile="),
        logs / "beat.log",
        say,
    )
    return [web, worker, *model_children(logs, say, model_gpus()), beat]
