"""Polyphony's own processes: how each is started, watched and stopped.

Used by `up`. A child that dies is started again, later each time.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from annotation.config.supervisor.environment import ROOT
from annotation.config.supervisor.processes import spawn

LONGEST_PAUSE = 30.0
# A child that lived this long was healthy; its next death starts from a short pause.
HEALTHY_AFTER = 60.0
# What a child is asked with, in turn, and how long it may take. Celery finishes its
# running jobs at the first and hands them back to the queue at the second.
STOP_STEPS = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 10.0))


@dataclass
class Child:
    """One process of the platform; `say` reaches the operator's terminal."""

    name: str
    command: list[str]
    log: Path
    say: Callable[[str], None]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    n_deaths: int = 0
    started_at: float = 0.0
    next_start_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        self.process = spawn(
            self.command, log=self.log, cwd=ROOT, pass_fds=self.pass_fds
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
            f"and starts again in {pause:.0f} s. Its log is {self.log}."
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


def platform_children(
    logs: Path, say: Callable[[str], None], *, listener: int, beat_file: Path
) -> list[Child]:
    """Return web, both workers and beat, in the order in which they start."""
    celery = [sys.executable, "-W", "ignore::RuntimeWarning:celery.platforms"]
    # The checks ran with the migrations; here they would load every view.
    celery += ["-m", "celery", "--skip-checks", "-A", "annotation.config.celery"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle"]
    commands = {
        "web": [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener}"),
            *("-c", "python:annotation.config.gunicorn_conf"),
            "annotation.config.wsgi:application",
        ],
        "worker": [*worker, "-Q", "default", "-n", "default@%h", "-c", "2"],
        # Threads: a process that has loaded torch must never fork.
        "models": [
            *(*worker, "-Q", "models", "-n", "models@%h", "-P", "threads", "-c", "1"),
        ],
        "beat": [*celery, "beat", "-s", str(beat_file), "--pidfile="],
    }
    return [
        Child(
            name,
            command,
            logs / f"{name}.log",
            say,
            pass_fds=(listener,) if name == "web" else (),
        )
        for name, command in commands.items()
    ]
