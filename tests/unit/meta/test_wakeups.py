"""Whatever is put into the outbox or the queue has somebody who takes it out."""

from __future__ import annotations

import ast

from jobs.drain import HANDLERS
from shopify.intake import SHOPIFY_WEBHOOK
from sms.carriers.intake import CARRIER_INBOUND, CARRIER_STATUS
from sms.media.fetch import FETCH_MEDIA
from tests.unit.meta.source import Module, product
from wakeups import DISPATCH, QUEUE_OF_KIND, QUEUES, SETTLE, SHOP_CONNECTION

KINDS = {SHOPIFY_WEBHOOK, CARRIER_INBOUND, CARRIER_STATUS}
# Those that wait for the network; their errand is given to the drainer by `worker_context`.
ERRANDS = {FETCH_MEDIA}
# Not entries of the outbox: the texts themselves are what is due.
OF_A_SENDER = {DISPATCH, SETTLE}
# Nor these: what is due is a shop's token, or another look at the shop.
OF_A_SHOP = {SHOP_CONNECTION}


def test_every_queue_is_used_and_served() -> None:
    assert set(QUEUE_OF_KIND.values()) == set(QUEUES)
    worker = next(module for module in product() if module.path == "jobs/worker.py")
    assert any(each.dotted == "wakeups.QUEUES" for each in worker.imports)


def test_every_kind_of_entry_has_a_handler_and_a_queue() -> None:
    assert set(HANDLERS) == KINDS
    assert set(QUEUE_OF_KIND) == KINDS | ERRANDS | OF_A_SENDER | OF_A_SHOP


def test_no_entry_is_written_with_a_kind_of_its_own() -> None:
    """Each `OutboxEntry(kind=...)` names a constant, and each constant is among those above."""
    written = {kind for module in product() for kind in _kinds_written(module)}
    assert written <= {"SHOPIFY_WEBHOOK", "FETCH_MEDIA", "kind"}, written
    woken = {kind for module in product() for kind in _kinds_woken(module)}
    known = {*QUEUE_OF_KIND, "SHOPIFY_WEBHOOK", "CARRIER_INBOUND", "CARRIER_STATUS", "DISPATCH"}
    known.add("FETCH_MEDIA")
    assert woken <= {*known, "SETTLE", "SHOP_CONNECTION", "kind", "entry.kind"}, woken


def _kinds_written(module: Module) -> set[str]:
    return {
        ast.unparse(keyword.value)
        for node in module.nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "OutboxEntry"
        for keyword in node.keywords
        if keyword.arg == "kind"
    }


def _kinds_woken(module: Module) -> set[str]:
    return {
        ast.unparse(node.args[0]).strip("'")
        for node in module.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "wake"
        and node.args
    }
