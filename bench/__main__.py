"""`python -m bench`: how much of the machine's own speed is left in the paths that must be fast."""

from __future__ import annotations

import logging
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import structlog

from bench import dispatching, draining, inbox, intake, texts
from bench.chaos.plan import make_plan
from bench.machines import MachineError, Machines
from bench.measure import Line, table, timed
from bench.world import Busy
from local.errors import LocalError

WEBHOOKS = 400
SETTINGS = {"LOG_LEVEL": "WARNING", "WEB_CONCURRENCY": "2"}
INTERRUPTED = 130


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        with timed() as took:
            lines = list(_measured())
    except KeyboardInterrupt:
        return INTERRUPTED
    except (LocalError, MachineError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(lines))
    print(f"bench: {took.seconds:.0f} s; a ratio of 1 is the floor's own speed")
    return 0


def _measured() -> Iterator[Line]:
    yield from texts.measure()
    with _machines() as machines:
        now = datetime.now(UTC)
        database = machines.database()
        machines.busy.connect(database, now=now - timedelta(hours=1))
        plan = make_plan(machines.busy.world, random.Random(1), now=now)
        webhooks = random.Random(2).sample(plan.webhooks, WEBHOOKS)
        yield from dispatching.measure(machines, database)
        yield from intake.measure(machines, webhooks)
        yield from draining.measure(machines, database)
        database.dispose()
        yield from inbox.measure(machines)


@contextmanager
def _machines() -> Iterator[Machines]:
    """PostgreSQL, Valkey, the carrier and gunicorn, without workers: those we measure here."""
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    busy = Busy.of(shop_count=2, people_count=240, segments_per_second=1000)
    machines = Machines(folder, busy, settings=SETTINGS)
    try:
        machines.start_servers()
        machines.start_carrier()
        machines.start_web()
        time.sleep(1)  # the second gunicorn worker is still importing
        yield machines
    finally:
        machines.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
