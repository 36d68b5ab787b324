"""The delivery log's pages: every webhook, every try, its payload, and buttons to send it again."""

from __future__ import annotations

import json
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.store.cockpit import here, not_found
from sandbox.store.strip import describe, news, read_strip
from sandbox.world import Unknown

_SHOWN = 100

log = Blueprint("log", __name__, url_prefix="/webhooks")
log.register_error_handler(Unknown, not_found)


@log.get("/")
def webhooks() -> ResponseReturnValue:
    found = here().courier.deliveries.latest(_SHOWN)
    page = "_deliveries.html" if request.headers.get("HX-Request") else "webhooks.html"
    return render_template(
        f"sandbox/{page}",
        deliveries=[(each, news(each)) for each in found],
        strip=read_strip(here().courier.deliveries, parley_url=here().parley_url),
        names={shop.domain: shop.name for shop in here().store.world.shops},
    )


@log.get("/<int:delivery_id>")
def webhook(delivery_id: int) -> ResponseReturnValue:
    delivery = here().courier.deliveries.get(delivery_id)
    payload = json.dumps(delivery.webhook.payload, indent=2, ensure_ascii=False)
    page = "_tries.html" if request.headers.get("HX-Request") else "webhook.html"
    return render_template(
        f"sandbox/{page}",
        delivery=delivery,
        summary=news(delivery),
        tries=[(_time(attempt.at), describe(attempt), attempt) for attempt in delivery.attempts],
        next_try=_time(delivery.due_at) if delivery.due_at else None,
        payload=payload,
        same_event=[
            news(each)
            for each in here().courier.deliveries.of_event(delivery.webhook.event_id)
            if each.id != delivery.id
        ],
        endpoint=here().courier.endpoint,
    )


@log.post("/<int:delivery_id>/again")
def send_again(delivery_id: int) -> ResponseReturnValue:
    delivery = here().courier.deliveries.get(delivery_id)
    if _first_time():
        here().courier.send_again(delivery.id)
        flash("Sent once more, with the same ids and the same signature.", "success")
    return redirect(url_for("log.webhook", delivery_id=delivery_id), code=303)


@log.post("/<int:delivery_id>/shuffled")
def send_shuffled(delivery_id: int) -> ResponseReturnValue:
    delivery = here().courier.deliveries.get(delivery_id)
    if _first_time():
        here().courier.send_shuffled(delivery.webhook.event_id, times=5)
        flash(
            "All webhooks of this act are on their way five times each, in random order."
            " Parley should act on each once.",
            "success",
        )
    return redirect(url_for("log.webhook", delivery_id=delivery_id), code=303)


@log.post("/hurry")
def hurry() -> ResponseReturnValue:
    """Try now whatever waits for its next try or was given up."""
    here().courier.try_everything_now()
    to_log = request.form.get("back") == "log"
    return redirect(url_for("log.webhooks") if to_log else "/", code=303)


def _first_time() -> bool:
    token = request.form.get("once", "")
    return not token or here().store.memory.first_submission(token)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
