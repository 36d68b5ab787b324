"""The scheduler: `python -m jobs.schedule`. Finds what is due and not done, and wakes workers.

Several may run at once: a needless wake-up call costs a few milliseconds and does nothing.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from jobs.heartbeat import Pulse
from logs import configure_logging
from models import Wake
from models.across_shops import (
    delete_old_webhook_bodies,
    kinds_of_due_work,
    senders_with_due_texts,
    senders_with_unsettled_texts,
)
from models.session import DatabaseError
from services import Services, build_services
from settings import SettingsError, load_settings
from wakeups import DISPATCH, SETTLE, SHOP_CONNECTION

log = structlog.get_logger(__name__)

# Webhook bodies hold personal data; two weeks are enough to look into a complaint.
BODIES_KEPT = timedelta(days=14)
UPKEEP_EVERY = timedelta(hours=1)


def sweep(services: Services) -> frozenset[Wake]:
    """Wake workers for everything that is due, whoever forgot it, and return the calls."""
    now = services.clock()
    with services.database.shared_session() as session:
        wakes = {Wake(kind) for kind in kinds_of_due_work(session, now=now)}
        wakes |= {
            Wake(DISPATCH, str(sender.id)) for sender in senders_with_due_texts(session, now=now)
        }
        stale = services.reconciler.stale_before()
        wakes |= {
            Wake(SETTLE, str(sender.id))
            for sender in senders_with_unsettled_texts(session, stale=stale)
        }
    services.wake_up_calls.call(wakes)
    return frozenset(wakes)


def upkeep(services: Services) -> None:
    """Delete what may not be kept any longer, and keep alive what dies of disuse."""
    idle = services.tokens.idle_shops()
    services.wake_up_calls.call(Wake(SHOP_CONNECTION, str(shop_id)) for shop_id in idle)
    with services.database.shared_session() as session:
        emptied = delete_old_webhook_bodies(session, before=services.clock() - BODIES_KEPT)
    log.info("upkeep", webhook_bodies_deleted=emptied, idle_tokens=len(idle))


def main() -> int:
    """Sweep until told to stop; return the exit code."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        services = build_services(settings)
    except (SettingsError, DatabaseError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pulse = Pulse(services.database, role="scheduler", clock=services.clock)
    pulse.start()
    next_upkeep = services.clock()
    while not stop.is_set():
        try:
            sweep(services)
            if services.clock() >= next_upkeep:
                upkeep(services)
                next_upkeep = services.clock() + UPKEEP_EVERY
        except SQLAlchemyError as error:
            log.warning("sweep_failed", problem=type(error).__name__)
        stop.wait(settings.sweep_interval_seconds)
    pulse.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
