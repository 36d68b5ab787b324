"""Ports, and processes that outlived the supervisor which started them."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from local.errors import ExitCode, LocalError


def free_port() -> int:
    """A TCP port nobody listens on at this moment, on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """True if we could listen on host:port now. Ports still in TIME_WAIT count as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def port_answers(port: int) -> bool:
    """True if somebody accepts connections at the port on the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def require_free_port(port: int, *, purpose: str, host: str = "127.0.0.1") -> None:
    """Raise LocalError(PORT_IN_USE) unless we can listen on host:port."""
    if not port_is_free(port, host=host):
        raise LocalError(
            ExitCode.PORT_IN_USE,
            f"Port {port}, needed for {purpose}, is in use by another program: "
            "stop that program, or choose other ports with e.g. `make run PORT=8100`.",
        )


def wait_until(
    ready: Callable[[], bool], *, timeout: float, alive: Callable[[], bool], interval: float = 0.05
) -> bool:
    """Poll until `ready` (True), or until `alive` fails or `timeout` seconds are over (False)."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if ready():
            return True
        if not alive():
            return False
        time.sleep(interval)
    return False


def remember(pids: Iterable[int], record: Path) -> None:
    """Write down who we started, so that the next run finds them should we be killed."""
    known = []
    for pid in pids:
        try:
            # The start time tells our process from a stranger who got its number later.
            known.append([pid, psutil.Process(pid).create_time()])
        except psutil.NoSuchProcess:
            continue
    draft = record.with_name(record.name + ".new")
    draft.write_text(json.dumps(known))
    draft.replace(record)


def leftovers(record: Path) -> list[psutil.Process]:
    """The processes of an earlier run, from its record, which are still alive."""
    try:
        known = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return []
    alive = []
    for pid, started in known:
        try:
            process = psutil.Process(pid)
            # psutil derives the time from the boot time, which a clock correction moves a little.
            same = abs(process.create_time() - started) < 2
            if same and not has_ended(process):
                alive.append(process)
        except psutil.NoSuchProcess:
            continue
    return alive


def stop_leftovers(record: Path, *, polite: signal.Signals, patience: float = 10.0) -> int:
    """Stop what an earlier run left behind: politely, after `patience` seconds by force.

    Returns how many there were. Each was the leader of its own session, so its whole group goes.
    """
    orphans = leftovers(record)
    for orphan in orphans:
        signal_group(orphan.pid, polite)
    wait_for_end(orphans, timeout=patience)
    for orphan in orphans:
        signal_group(orphan.pid, signal.SIGKILL)  # also what it forked and did not take along
    wait_for_end(orphans, timeout=5)
    record.unlink(missing_ok=True)
    return len(orphans)


def wait_for_end(processes: list[psutil.Process], *, timeout: float) -> bool:
    """True once all have ended, False after `timeout` seconds."""
    return wait_until(
        lambda: all(has_ended(process) for process in processes),
        timeout=timeout,
        alive=lambda: True,
    )


def has_ended(process: psutil.Process) -> bool:
    """Gone, or a zombie: in a container the first process may never collect orphans."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a session we started and everything it forked; gone already is fine."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
