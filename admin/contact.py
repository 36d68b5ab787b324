"""One contact's profile. Whoever opens it stands in the access log."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, jsonify, render_template, request
from sqlalchemy import select

from admin import audit
from admin.contact_profile import answers, orders_of, standings, story
from admin.words import clock_of, name_of, phone_words
from models import Contact, Conversation, Order, ShopSession
from models.enums import AuditAction
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from shopify.export import export_of
from shopify.held import Held
from shopify.notices import CustomerRequest


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the profile, the earlier parts of its time line, and its export."""

    @blueprint.get("/contacts/<uuid:contact_id>")
    @authenticated_by("Shopify session token")
    def contact(contact_id: uuid.UUID) -> str:
        now = services.clock()
        with services.database.shop_session(merchant().shop_id) as session:
            found = _found(session, contact_id)
            audit.note(session, AuditAction.SAW_PROFILE, now=now, subject=contact_id)
            clock = clock_of(session.shop.iana_timezone, now=now)
            conversation_id = session.scalars(
                select(Conversation.id).where(Conversation.contact_id == contact_id)
            ).first()
            return render_template(
                "admin/contacts/profile.html",
                contact=found,
                name=name_of(found.first_name, found.last_name, found.phone),
                phone=phone_words(found.phone),
                since=clock.day(found.created_at),
                conversation_id=conversation_id,
                standings=standings(session, found, clock),
                answers=answers(session, found, clock),
                orders=orders_of(session, found, clock),
                story=story(session, found, clock, before=None),
            )

    @blueprint.get("/contacts/<uuid:contact_id>/story")
    @authenticated_by("Shopify session token")
    def earlier(contact_id: uuid.UUID) -> str:
        with services.database.shop_session(merchant().shop_id) as session:
            found = _found(session, contact_id)
            clock = clock_of(session.shop.iana_timezone, now=services.clock())
            part = story(session, found, clock, before=_before())
        return render_template("admin/contacts/_story.html", contact=found, story=part)

    @blueprint.get("/contacts/<uuid:contact_id>/export")
    @authenticated_by("Shopify session token")
    def export(contact_id: uuid.UUID) -> Response:
        now = services.clock()
        with services.database.shop_session(merchant().shop_id) as session:
            found = _found(session, contact_id)
            audit.note(session, AuditAction.EXPORTED_PROFILE, now=now, subject=contact_id)
            orders = session.scalars(
                select(Order).where(Order.contact_id == contact_id).order_by(Order.placed_at)
            ).all()
            return jsonify(_export(session, found, list(orders), now=now))


def _found(session: ShopSession, contact_id: uuid.UUID) -> Contact:
    found = session.scalars(select(Contact).where(Contact.id == contact_id)).first()
    if found is None:
        abort(404)
    return found


def _before() -> datetime:
    try:
        moment = datetime.fromisoformat(request.args.get("before", ""))
    except ValueError:
        abort(404)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _export(
    session: ShopSession, contact: Contact, orders: list[Order], *, now: datetime
) -> dict[str, object]:
    """Everything held, as an access request gets it (R14.6)."""
    whose = CustomerRequest(
        customer_id=contact.customer_id,
        phone=contact.phone,
        order_ids=frozenset(order.shopify_id for order in orders),
        request_id=None,
    )
    return export_of(session, Held(contacts=[contact], orders=orders), whose, now=now)
