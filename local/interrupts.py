"""Ctrl-C, SIGTERM and a closed terminal: the first asks for an orderly stop, the second ends it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from local.errors import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and init systems signal the whole group, and make passes SIGTERM on: one wish, twice.
SAME_REQUEST_SECONDS = 1.0


class Interrupted(Exception):
    """Someone stopped Parley before it was ready."""


class Interrupts:
    """A flag, not an exception, which could strike between starting a process and noting it."""

    def __init__(self, *, at_once: Callable[[], None]) -> None:
        self.stop_wanted = False
        self.first = 0.0
        self.at_once = at_once

    def raise_if_stop_wanted(self) -> None:
        if self.stop_wanted:
            raise Interrupted

    @contextmanager
    def caught(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._note) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.stop_wanted:
            self.stop_wanted = True
            self.first = time.monotonic()
        elif time.monotonic() - self.first > SAME_REQUEST_SECONDS:
            self.at_once()
            os._exit(ExitCode.INTERRUPTED)
