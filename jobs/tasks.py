"""What a worker does when it is woken."""

from __future__ import annotations

import uuid

from jobs.context import worker_context
from models import Wake
from models.across_shops import shop_of_sender
from services import Services
from wakeups import DISPATCH, SETTLE, SHOP_CONNECTION


def work(kind: str, key: str) -> None:
    """Do what is due of this kind; whether it was this call or another that brought it here."""
    services, drainer = worker_context()
    wake = Wake(kind, key)
    services.wake_up_calls.answered(wake)
    if kind in {DISPATCH, SETTLE}:
        more = _work_for_sender(services, kind, uuid.UUID(key))
    elif kind == SHOP_CONNECTION:
        services.shop_connection.look_after(uuid.UUID(key))
        more = False
    else:
        more = drainer.drain(kind)
    if more:
        services.wake_up_calls.call([wake])


def _work_for_sender(services: Services, kind: str, sender_id: uuid.UUID) -> bool:
    with services.database.shared_session() as session:
        shop_id = shop_of_sender(session, sender_id)
    if shop_id is None:
        return False
    if kind == SETTLE:
        services.reconciler.settle(shop_id, sender_id)
        return False
    return services.dispatcher.run(shop_id, sender_id)
