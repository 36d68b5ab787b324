"""The folder of the embedded services, and the rule that one run at a time uses it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.errors import ExitCode, LocalError


def open_lock(home: Path) -> IO[str]:
    """Make the folder if need be. Raises LocalError(BAD_SETTING) when it cannot be written."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        return (home / "run.lock").open("a+")
    except OSError as error:
        raise LocalError(
            ExitCode.BAD_SETTING,
            f"The folder {home} cannot be written ({error.strerror}): "
            "set PARLEY_HOME to one that can.",
        ) from None


@contextmanager
def the_only_run(home: Path, *, note: str) -> Iterator[None]:
    """Hold `home` while running. `note` tells others who holds it.

    The kernel drops the lock with the process, so one killed with SIGKILL leaves none behind.
    Raises LocalError(ALREADY_RUNNING).
    """
    with open_lock(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalError(
                ExitCode.ALREADY_RUNNING,
                f"Parley is running already ({lock.read().strip()}): stop it first with Ctrl-C, "
                "or give another PORT and PARLEY_HOME.",
            ) from None
        lock.truncate(0)
        lock.write(note)
        lock.flush()
        yield
