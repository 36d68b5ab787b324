"""Settings: what there is to set, and how each stands."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from sqlalchemy import func, select

from admin.home_figures import number_in_use, shipping_choices
from admin.words import counted, phone_words
from models import ShopSession, StaffMember
from models.enums import Milestone
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from sms.shipping.switches import is_on


@dataclass(frozen=True, slots=True)
class Part:
    """One page of settings, and its present state in a few words."""

    title: str
    words: str
    state: str
    tone: str | None
    href: str
    icon: str


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the page that leads to all settings."""

    @blueprint.get("/settings")
    @authenticated_by("Shopify session token")
    def settings() -> str:
        with services.database.shop_session(merchant().shop_id) as session:
            parts = _parts(session)
        return render_template("admin/settings/index.html", parts=parts)


def _parts(session: ShopSession) -> tuple[Part, ...]:
    number = number_in_use(session)
    choices = shipping_choices(session)
    on = sum(is_on(session.shop, choices.get(milestone)) for milestone in Milestone)
    staff = session.scalar(select(func.count()).select_from(StaffMember)) or 0
    return (
        Part(
            "Number",
            "Your account with the carrier, and the number that texts come from",
            phone_words(number.sender.number) if number else "Not connected",
            None if number else "attention",
            "/settings/number",
            "phone",
        ),
        Part(
            "Shipping texts",
            "What shoppers hear about their parcels, and in which words",
            f"{on} of {len(Milestone)} on",
            None if on else "attention",
            "/settings/shipping",
            "truck",
        ),
        Part(
            "Team",
            "Who of your staff answers texts",
            counted(staff, "person", "people"),
            None,
            "/settings/team",
            "people",
        ),
    )
