"""Child processes that never outlive their parent, and directories they may enter.

Used by the servers and by `up`. Knows nothing of PostgreSQL, Valkey or Django.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# PostgreSQL refuses to run as root; this is the unprivileged user of every Unix.
NOBODY = 65534
PR_SET_PDEATHSIG = 1
# Loaded here because nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class SupervisorError(Exception):
    """A start that cannot go on; the message is a sentence for the operator."""


def service_user() -> int:
    """Return the user id the servers run under: `nobody` for root, else ourselves."""
    return NOBODY if os.geteuid() == 0 else os.geteuid()


def _dies_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """Return a function for the child: Linux sends it `sig` when the parent ends."""
    parent = os.getpid()

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, sig.value)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    as_service_user: bool = False,
    orphan_signal: signal.Signals = signal.SIGTERM,
    pass_fds: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, with its output appended to `log`.

    The own session keeps Ctrl-C away from the child, so that the supervisor alone
    decides the order in which things stop.
    """
    user = service_user() if as_service_user and os.geteuid() == 0 else None
    output = None if log is None else open_log(log)
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            pass_fds=pass_fds,
            preexec_fn=_dies_with_parent(orphan_signal),
        )
    finally:
        if output is not None:
            os.close(output)


def open_log(path: Path, limit: int = 10_000_000) -> int:
    """Open a log for appending; one past `limit` bytes is first put aside as `.1`."""
    if path.exists() and path.stat().st_size > limit:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def end(
    process: subprocess.Popen[bytes], sig: signal.Signals, timeout: float = 30
) -> None:
    """Send `sig` and wait; a child that ignores it past `timeout` is killed."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(
    is_ready: Callable[[], bool], *, timeout: float, interval: float = 0.02
) -> bool:
    """Return whether `is_ready` became true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def is_alive(pid: int) -> bool:
    """Return whether a process of this id exists; another user's counts too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_private(path: Path) -> None:
    """Make a directory that only the service user enters (and root)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(0o700)


def require_traversable(path: Path) -> None:
    """Raise where root's servers, which run as `nobody`, could not reach `path`."""
    if os.geteuid() != 0:
        return
    for folder in reversed([path, *path.parents]):
        status = folder.stat()
        bit = 0o100 if status.st_uid == NOBODY else 0o001
        if not status.st_mode & bit:
            raise SupervisorError(
                f"As root the servers run as the user `nobody`, who may not enter "
                f"{folder}. Run `chmod o+x {folder}`, move the project or VAR_DIR "
                f"elsewhere, or start Polyphony as a plain user."
            )
