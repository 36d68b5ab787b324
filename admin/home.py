"""App Home: what is set up, what happened today, and who waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template

from admin.home_figures import (
    Failure,
    Number,
    Signs,
    Today,
    WaitingList,
    failures_today,
    number_in_use,
    shipping_choices,
    signs,
    texts_today,
    waiting_conversations,
)
from admin.words import SENDER_TYPE, ShopClock, clock_of, phone_words
from models import ShippingText, Shop, ShopSession
from models.enums import Milestone, Registration
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from sms.shipping.switches import is_on

# Someone who has waited this long is likely to write elsewhere, or not at all again.
LONG_WAIT = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up. `href` and `action` lead to where it is done."""

    title: str
    words: str
    done: bool
    action: str
    href: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Texts stand still."""

    until: str
    why: str


@dataclass(frozen=True, slots=True)
class Home:
    shop_name: str
    clock: ShopClock
    number: str | None
    number_kind: str | None
    steps: tuple[Step, ...]
    pause: Pause | None
    today: Today
    failures: tuple[Failure, ...]
    waiting: WaitingList

    @property
    def steps_done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def is_set_up(self) -> bool:
        return self.steps_done == len(self.steps)

    @property
    def next_step(self) -> Step | None:
        return next((step for step in self.steps if not step.done), None)

    @property
    def longest_wait_is_long(self) -> bool:
        longest = self.waiting.longest
        return bool(longest) and self.clock.now - longest[0].since >= LONG_WAIT


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the page at the bare address."""

    @blueprint.get("/")
    @authenticated_by("Shopify session token")
    def home() -> str:
        with services.database.shop_session(merchant().shop_id) as session:
            clock = clock_of(session.shop.iana_timezone, now=services.clock())
            view = _view(session, clock)
        return render_template("admin/home.html", view=view, clock=clock)


def _view(session: ShopSession, clock: ShopClock) -> Home:
    number = number_in_use(session)
    pause = number.pause(clock.now) if number else None
    return Home(
        shop_name=session.shop.brand,
        clock=clock,
        number=phone_words(number.sender.number) if number else None,
        number_kind=SENDER_TYPE[number.sender.type] if number else None,
        steps=_steps(session.shop, number, signs(session), shipping_choices(session)),
        pause=Pause(clock.moment(pause[0]), pause[1] or "") if pause else None,
        today=texts_today(session, clock),
        failures=failures_today(session, clock),
        waiting=waiting_conversations(session),
    )


def _steps(
    shop: Shop, number: Number | None, seen: Signs, choices: dict[Milestone, ShippingText]
) -> tuple[Step, ...]:
    approved = number is not None and number.sender.registration is Registration.APPROVED
    return (
        Step(
            "Connect a number",
            "Enter your Twilio account and the number that your texts come from.",
            done=number is not None,
            action="Connect a number",
            href="/settings/number",
        ),
        Step(
            "Have the number approved",
            "Carriers block texts from numbers that are not registered for business. "
            "Finish the registration at Twilio, then say so here.",
            done=approved,
            action="Check the number",
            href="/settings/number",
        ),
        Step(
            "Let Shopify and the carrier reach Parley",
            _calls(seen),
            done=seen.shopify_called_at is not None and seen.carrier_called_at is not None,
            action="Check the connection",
            href="/settings/number",
        ),
        Step(
            "Choose your shipping texts",
            "Tell shoppers when their order ships and arrives. Each text can be changed.",
            done=any(is_on(shop, choices.get(milestone)) for milestone in Milestone),
            action="Choose shipping texts",
            href="/settings/shipping",
        ),
        Step(
            "Send the first text",
            "It leaves by itself when the next order with a phone number ships. "
            "You can also text your number from your own phone, and answer in the inbox.",
            done=seen.first_text_left,
            action="Open the inbox",
            href="/inbox",
        ),
    )


def _calls(seen: Signs) -> str:
    if seen.shopify_called_at is None and seen.carrier_called_at is None:
        return "Neither has called yet. Place a test order, and text your number from your phone."
    if seen.shopify_called_at is None:
        return "The carrier has. Shopify has not called yet: place a test order."
    return "Shopify has. The carrier has not called yet: text your number from your own phone."
