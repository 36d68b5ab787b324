"""Settings > Team: who of the staff has opened Parley, and what they are called in it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import select

from admin import audit
from admin.shell import Toast, at
from admin.words import clock_of
from models import StaffMember
from models.enums import AuditAction
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant

PATH = "/settings/team"
MAX_NAME = 80
# More than a store's staff ever is; a page without an end would be one that nobody can open.
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff. `label` is what the inbox calls them."""

    id: uuid.UUID
    name: str
    label: str
    is_owner: bool
    is_you: bool
    last_seen: str


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the page and the form of each name."""

    @blueprint.get(PATH)
    @authenticated_by("Shopify session token")
    def team() -> str:
        return _page(services)

    @blueprint.post(f"{PATH}/<uuid:member_id>")
    @authenticated_by("Shopify session token")
    def name_member(member_id: uuid.UUID) -> Response:
        name = " ".join(request.form.get("name", "").split())
        if len(name) > MAX_NAME:
            error = f"Shorten the name to {MAX_NAME} characters or fewer."
            return at(_page(services, error=(member_id, error)), PATH)
        now = services.clock()
        with services.database.shop_session(merchant().shop_id) as session:
            member = session.scalars(select(StaffMember).where(StaffMember.id == member_id)).first()
            if member is None:
                abort(404)
            member.name = name or None
            audit.note(session, AuditAction.NAMED_STAFF, now=now, subject=member_id)
        return at(_page(services, toast=Toast("Name saved")), PATH)


def _page(
    services: Services,
    *,
    error: tuple[uuid.UUID, str] | None = None,
    toast: Toast | None = None,
) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        clock = clock_of(session.shop.iana_timezone, now=services.clock())
        rows = session.scalars(
            select(StaffMember)
            .order_by(StaffMember.account_owner.desc(), StaffMember.first_seen_at)
            .limit(MOST_SHOWN)
        )
        members = tuple(
            Member(
                id=row.id,
                name=row.name or "",
                label=row.name or f"Staff member {row.staff_id[-4:]}",
                is_owner=row.account_owner,
                is_you=row.staff_id == merchant().staff_id,
                last_seen=clock.moment(row.last_seen_at),
            )
            for row in rows
        )
    return render_template(
        "admin/settings/team.html", members=members, error=error, toast=toast, max_name=MAX_NAME
    )
