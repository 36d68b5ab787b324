"""Settings > Shipping texts: which news shoppers get, and in which words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import select

from admin import audit
from admin.home_figures import shipping_choices
from admin.shell import Toast, at
from admin.shipping_preview import (
    OrderChoice,
    Preview,
    preview,
    recent_orders,
    starting_template,
    wrong_in,
)
from admin.words import MILESTONE
from models import ShippingText, ShopSession
from models.enums import AuditAction, Milestone
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from sms.delivery.template import Field
from sms.shipping.switches import is_on
from sms.shipping.texts import FIELDS

PATH = "/settings/shipping"

WHEN = {
    Milestone.SHIPPED: "When you fulfil an order, or a part of it",
    Milestone.OUT_FOR_DELIVERY: "On the morning of the delivery",
    Milestone.DELIVERED: "When the parcel has arrived",
    Milestone.ATTEMPTED_DELIVERY: "When the carrier rang and nobody opened",
    Milestone.DELAYED: "When the carrier says that it comes later",
    Milestone.FAILED: "When the carrier gives up",
}
FIELD_WORDS = {
    "brand": "Store name",
    "first_name": "First name",
    "order": "Order number",
    "shipment": "Order, or the part in this parcel",
    "items": "Items in this parcel",
    "company": "Shipping company",
    "tracking_number": "Tracking number",
    "tracking_url": "Tracking link",
}
_FALLBACK = {"first_name": "there", "company": "the carrier"}


@dataclass(frozen=True, slots=True)
class Row:
    """One milestone in the list."""

    milestone: Milestone
    name: str
    when: str
    on: bool
    own_words: bool


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field to pick from the list, and what picking it puts in."""

    words: str
    inserts: str


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the list with its switches, the editor of each text and its preview."""

    @blueprint.get(PATH)
    @authenticated_by("Shopify session token")
    def shipping() -> str:
        return _list(services)

    @blueprint.post(PATH)
    @authenticated_by("Shopify session token")
    def switch_shipping_text() -> Response:
        milestone = _milestone(request.form.get("milestone", ""))
        on = "on" in request.form
        with services.database.shop_session(merchant().shop_id) as session:
            _choice(session, services, milestone).enabled = on
        words = f"{MILESTONE[milestone]}: {'on' if on else 'off'}"
        return at(_list(services, toast=Toast(words)), PATH)

    @blueprint.get(f"{PATH}/<milestone>")
    @authenticated_by("Shopify session token")
    def shipping_text(milestone: str) -> str:
        return _editor(services, _milestone(milestone))

    @blueprint.post(f"{PATH}/<milestone>")
    @authenticated_by("Shopify session token")
    def save_shipping_text(milestone: str) -> Response:
        which = _milestone(milestone)
        return at(_save(services, which), f"{PATH}/{which}")

    @blueprint.post(f"{PATH}/<milestone>/preview")
    @authenticated_by("Shopify session token")
    def preview_shipping_text(milestone: str) -> str:
        which = _milestone(milestone)
        with services.database.shop_session(merchant().shop_id) as session:
            shown = preview(session, which, _written(), _order_id())
        return render_template("admin/settings/_shipping_preview.html", preview=shown)


def _milestone(name: str) -> Milestone:
    try:
        return Milestone(name)
    except ValueError:
        abort(404)


def _written() -> str:
    """Return the template as it was typed: a browser sends other line ends than it showed."""
    return request.form.get("template", "").replace("\r\n", "\n").rstrip()


def _order_id() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.form.get("order", ""))
    except ValueError:
        return None


def _choice(session: ShopSession, services: Services, milestone: Milestone) -> ShippingText:
    found = session.scalars(select(ShippingText).where(ShippingText.milestone == milestone)).first()
    choice = found or ShippingText(milestone=milestone)
    choice.updated_at = services.clock()
    session.add(choice)
    audit.note(session, AuditAction.CHANGED_SHIPPING_TEXT, now=services.clock())
    return choice


def _list(services: Services, *, toast: Toast | None = None) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        choices = shipping_choices(session)
        shop = session.shop
        rows = tuple(
            Row(
                milestone,
                MILESTONE[milestone],
                WHEN[milestone],
                on=is_on(shop, choices.get(milestone)),
                own_words=milestone in choices and choices[milestone].template is not None,
            )
            for milestone in Milestone
        )
        shopifys_own = None
        if shop.transactional_sms_disabled is not None:
            shopifys_own = not shop.transactional_sms_disabled
    return render_template(
        "admin/settings/shipping.html",
        rows=rows,
        shopifys_own=shopifys_own,
        any_on=any(row.on for row in rows),
        notifications=f"https://{merchant().shop_domain}/admin/settings/notifications/customer",
        toast=toast,
    )


def _save(services: Services, milestone: Milestone) -> str:
    template = _written()
    if "reset" in request.form:
        template = starting_template(milestone)
    if not template:
        error = "Write something, or go back to our words."
        return _editor(services, milestone, typed="", error=error)
    if wrong_in(template):
        error = "This text cannot be sent yet. What to mend stands beside it."
        return _editor(services, milestone, typed=template, error=error)
    with services.database.shop_session(merchant().shop_id) as session:
        # Our own words stay ours: they name the items where a parcel holds a part of an order.
        own = None if template == starting_template(milestone) else template
        _choice(session, services, milestone).template = own
    toast = Toast("Back to our words" if "reset" in request.form else "Text saved")
    return _editor(services, milestone, toast=toast)


def _editor(
    services: Services,
    milestone: Milestone,
    *,
    typed: str | None = None,
    error: str | None = None,
    toast: Toast | None = None,
) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        choice = shipping_choices(session).get(milestone)
        on = is_on(session.shop, choice)
        own = choice.template if choice else None
        template = typed if typed is not None else own or starting_template(milestone)
        orders: tuple[OrderChoice, ...] = recent_orders(session)
        chosen = _order_id() or (orders[0].id if orders else None)
        shown: Preview = preview(session, milestone, template, chosen)
    return render_template(
        "admin/settings/shipping_text.html",
        milestone=milestone,
        name=MILESTONE[milestone],
        when=WHEN[milestone],
        on=on,
        own_words=own is not None,
        template=template,
        error=error,
        fields=tuple(_merge_field(name, field) for name, field in FIELDS.items()),
        orders=orders,
        chosen=chosen,
        preview=shown,
        toast=toast,
    )


def _merge_field(name: str, field: Field) -> MergeField:
    """What is not known for everybody goes in with a fallback, as the check demands."""
    fallback = f' | default: "{_FALLBACK.get(name, "")}"' if field.may_be_empty else ""
    return MergeField(FIELD_WORDS.get(name, name), f"{{{{ {name}{fallback} }}}}")
