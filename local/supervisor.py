"""Keeps programs running: starts, prefixes their output, restarts, and stops them in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import ExitCode, LocalError
from local.processes import remember, signal_group

QUICK_DEATH_SECONDS = 10.0
QUICK_DEATHS_AT_START = 3
LONGEST_PAUSE_SECONDS = 30.0
ENDED_BY_OTHERS = (-signal.SIGKILL, -signal.SIGTERM)  # no sign of a fault in the program


@dataclass(frozen=True)
class Program:
    """What to run. `stage` orders the stopping: lower ones first, one stage at a time.

    `patience`: seconds between SIGTERM and SIGKILL.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stage: int = 0
    patience: float = 10.0


@dataclass
class Child:
    """A program and its present process."""

    program: Program
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    has_stayed_up: bool = False  # once it has, its deaths no longer give up the run
    next_start: float = 0.0
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=15))
    reader: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Call `look_after_children` a few times a second; `stop_children` at the end."""

    def __init__(self, *, record: Path, folder: Path) -> None:
        self.record = record
        self.folder = folder
        self.children: list[Child] = []

    def start(self, program: Program) -> None:
        child = Child(program)
        self.children.append(child)
        self._launch(child)

    def look_after_children(self) -> None:
        """Restart the dead, after a pause that doubles.

        Raises LocalError(PROCESS_FAILED) when one keeps dying and never stayed up.
        """
        now = time.monotonic()
        for child in self.children:
            if child.alive:
                continue
            if child.process is not None:
                self._note_death(child, now)
            if now >= child.next_start:
                self._launch(child)

    def all_up_for(self, seconds: float) -> bool:
        """True if every child's present process has lived at least that long."""
        born_before = time.monotonic() - seconds
        return all(child.alive and child.started <= born_before for child in self.children)

    def stop_children(self) -> None:
        """SIGTERM by stage, each with its patience, then SIGKILL for what is left."""
        for stage in sorted({child.program.stage for child in self.children}):
            self._stop_stage([child for child in self.children if child.program.stage == stage])
        self.record.unlink(missing_ok=True)

    def kill_children(self) -> None:
        """At once. Safe in a signal handler: takes no lock and waits for nothing."""
        for child in self.children:
            if child.process is not None:
                signal_group(child.process.pid, signal.SIGKILL)

    def _launch(self, child: Child) -> None:
        program = child.program
        child.process = subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which knows the order
        )
        child.started = time.monotonic()
        child.reader = threading.Thread(target=_pass_on_output, args=[child], daemon=True)
        child.reader.start()
        remember((c.process.pid for c in self.children if c.process), self.record)

    def _note_death(self, child: Child, now: float) -> None:
        assert child.process is not None
        name, code = child.program.name, child.process.returncode
        status = _how_it_ended(code)
        # What it forked has lost its parent; two generations must not work side by side.
        signal_group(child.process.pid, signal.SIGKILL)
        child.process = None
        quick = now - child.started < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 0
        child.has_stayed_up |= not quick or code in ENDED_BY_OTHERS
        if not child.has_stayed_up and child.quick_deaths >= QUICK_DEATHS_AT_START:
            if child.reader is not None:
                child.reader.join(timeout=1)
            raise LocalError(
                ExitCode.PROCESS_FAILED,
                f"The process `{name}` does not stay up: it {status} "
                f"{child.quick_deaths} times in a row.",
                detail="\n".join(child.last_lines),
            )
        pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2.0 ** min(child.quick_deaths, 10))
        child.next_start = now + pause
        say(f"{name} {status}; starting it again in {pause:g} s.")

    def _stop_stage(self, children: list[Child]) -> None:
        asked = time.monotonic()
        running = [child for child in children if child.process is not None]
        for child in running:
            if child.alive and child.process is not None:
                child.process.terminate()
        for child in running:
            assert child.process is not None
            left = asked + child.program.patience - time.monotonic()
            try:
                child.process.wait(max(0.0, left))
            except subprocess.TimeoutExpired:
                say(f"{child.program.name} did not stop in time; killing it.")
            signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()


def say(sentence: str) -> None:
    """Tell the person at the terminal; a closed terminal is no reason to fail."""
    try:
        sys.stdout.write(sentence + "\n")  # one write: lines of several threads stay whole
        sys.stdout.flush()
    except OSError:
        # Hung up while we stop things: from here on there is nobody to tell.
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process


def _pass_on_output(child: Child) -> None:
    process, name = child.process, child.program.name
    assert process is not None
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            child.last_lines.append(line.rstrip("\n"))
            say(f"{name:<9} | {line.rstrip()}")


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
