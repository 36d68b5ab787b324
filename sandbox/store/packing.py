"""What of an order goes into a parcel."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.store.refusals import Refused
from sandbox.store.webhooks import Payload


def quantities_to_ship(order: Payload, chosen: Mapping[int, int] | None) -> Mapping[int, int]:
    """Line item ids with how many of each leave now; without a choice, all that can travel.

    Raises `Refused` when that is nothing, or more than is left.
    """
    if order["cancelled_at"]:
        raise Refused("cancelled")
    left = {line["id"]: line["fulfillable_quantity"] for line in order["line_items"]}
    if not any(left.values()):
        raise Refused("nothing_left")
    if chosen is None:
        chosen = _all_that_travels(order, left) or left
    chosen = {line_id: quantity for line_id, quantity in chosen.items() if quantity > 0}
    if not chosen:
        raise Refused("nothing_chosen")
    if any(quantity > left.get(line_id, 0) for line_id, quantity in chosen.items()):
        raise Refused("not_so_many")
    return chosen


def _all_that_travels(order: Payload, left: Mapping[int, int]) -> dict[int, int]:
    return {
        line["id"]: left[line["id"]]
        for line in order["line_items"]
        if line["requires_shipping"] and left[line["id"]]
    }


def travels(order: Payload, quantities: Mapping[int, int]) -> bool:
    """Whether any of it needs a parcel; what is delivered by e-mail does not."""
    return any(
        line["requires_shipping"] and quantities.get(line["id"]) for line in order["line_items"]
    )
