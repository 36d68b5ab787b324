"""Settings > Number: the carrier account and the number, checked at the carrier on save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from admin import audit
from admin.home_figures import Number, number_in_use
from admin.number_form import (
    TAKEN,
    UNAVAILABLE,
    Entered,
    NumberForm,
    form_of,
    problems_at_the_carrier,
    read,
)
from admin.shell import Toast, at
from admin.words import SENDER_TYPE, clock_of, phone_words
from models import CarrierAccount, Sender, ShopSession
from models.enums import AuditAction
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from sms.carriers.accounts import connect, credentials_of, disconnect
from sms.carriers.checks import Check, Found, Webhook
from sms.carriers.protocol import Account, CarrierUnavailableError

PATH = "/settings/number"


@dataclass(frozen=True, slots=True)
class Connected:
    """The number in use, as it is shown. Its token is not."""

    number: str
    kind: str
    account_sid: str
    registration: str
    inbound_url: str
    paused: tuple[str, str] | None


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the page, its form, the look at the carrier and the way out."""

    @blueprint.get(PATH)
    @authenticated_by("Shopify session token")
    def number() -> str:
        return _page(services)

    @blueprint.post(PATH)
    @authenticated_by("Shopify session token")
    def save_number() -> Response:
        return at(_save(services, request.form), PATH)

    @blueprint.get(f"{PATH}/check")
    @authenticated_by("Shopify session token")
    def check_number() -> str:
        return _looked_at(services)

    @blueprint.post(f"{PATH}/webhook")
    @authenticated_by("Shopify session token")
    def point_number_here() -> str:
        return _pointed_here(services)

    @blueprint.post(f"{PATH}/disconnect")
    @authenticated_by("Shopify session token")
    def disconnect_number() -> Response:
        now = services.clock()
        with services.database.shop_session(merchant().shop_id) as session:
            found = number_in_use(session)
            if found is not None:
                disconnect(session, found.sender, now=now)
                audit.note(session, AuditAction.DISCONNECTED_NUMBER, now=now)
        return at(_page(services, toast=Toast("Number disconnected")), PATH)


def _page(services: Services, *, form: NumberForm | None = None, toast: Toast | None = None) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        found = number_in_use(session)
        connected = _connected(services, session, found) if found else None
    if form is None:
        form = _form_of(found) if found else NumberForm()
    return render_template(
        "admin/settings/number.html", connected=connected, form=form, toast=toast
    )


def _connected(services: Services, session: ShopSession, found: Number) -> Connected:
    clock = clock_of(session.shop.iana_timezone, now=services.clock())
    pause = found.pause(clock.now)
    return Connected(
        number=phone_words(found.sender.number),
        kind=SENDER_TYPE[found.sender.type],
        account_sid=found.account.account_sid,
        registration=found.sender.registration,
        inbound_url=_inbound_url(services, found.account.account_key),
        paused=(clock.moment(pause[0]), pause[1] or "") if pause else None,
    )


def _form_of(found: Number) -> NumberForm:
    return NumberForm(
        account_sid=found.account.account_sid,
        number=found.sender.number,
        registration=found.sender.registration,
        answers_stop_itself=found.account.answers_stop_itself,
    )


def _inbound_url(services: Services, account_key: str) -> str:
    return f"{services.settings.public_url}/webhooks/twilio/{account_key}/inbound"


def _save(services: Services, sent: Mapping[str, str]) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        stored = _stored_tokens(session)
        region = session.shop.country
    entered = read(sent, stored=stored, region=region)
    if isinstance(entered, NumberForm):
        return _page(services, form=entered)
    account = Account(sid=entered.account_sid, key="", auth_token=entered.auth_token)
    try:
        check = services.carrier_desk.check(account, entered.number, inbound_url=None)
    except CarrierUnavailableError:
        return _page(services, form=form_of(sent, {"form": UNAVAILABLE}))
    problems = problems_at_the_carrier(check, phone_words(entered.number))
    if problems:
        return _page(services, form=form_of(sent, problems))
    try:
        account_key = _keep(services, entered)
    except IntegrityError:
        return _page(services, form=form_of(sent, {"number": TAKEN}))
    _point_a_new_number_here(services, account, check, account_key)
    toast = Toast(f"{phone_words(entered.number)} is connected")
    return _page(services, toast=toast)


def _stored_tokens(session: ShopSession) -> dict[str, str]:
    accounts = session.scalars(
        select(CarrierAccount)
        .join(Sender, Sender.carrier_account_id == CarrierAccount.id)
        .where(Sender.disconnected_at.is_(None))
    ).all()
    return {
        account.account_sid: session.vault.decrypt(account.auth_token_encrypted).decode()
        for account in accounts
    }


def _keep(services: Services, entered: Entered) -> str:
    """Store the connection. A number that it takes the place of is disconnected."""
    now = services.clock()
    with services.database.shop_session(merchant().shop_id) as session:
        before = number_in_use(session)
        account = connect(session, entered.connection(), now=now)
        # What was wrong with the old credentials may be right with these.
        account.paused_until = account.paused_reason = None
        if before is not None and before.sender.number != entered.number:
            disconnect(session, before.sender, now=now)
        audit.note(session, AuditAction.CONNECTED_NUMBER, now=now)
        return account.account_key


def _point_a_new_number_here(
    services: Services, account: Account, check: Check, account_key: str
) -> None:
    """Take what people text to a number that nothing else answers, and no other's."""
    if not isinstance(check, Found) or check.number_id is None:
        return
    if check.webhook is Webhook.EMPTY:
        try:
            url = _inbound_url(services, account_key)
            services.carrier_desk.point_at(account, check.number_id, url)
        except CarrierUnavailableError:
            # The page looks at the carrier afresh, and shows the way to do it by hand.
            return


def _looked_at(services: Services, *, toast: str | None = None) -> str:
    """Ask the carrier how the number stands, with no database session held meanwhile."""
    with services.database.shop_session(merchant().shop_id) as session:
        found = number_in_use(session)
        account = credentials_of(session, found.account.id) if found else None
    if found is None or account is None:
        return render_template("admin/settings/_number_check.html", missing=True)
    url = _inbound_url(services, account.key)
    check: Check | None
    try:
        check = services.carrier_desk.check(account, found.sender.number, inbound_url=url)
    except CarrierUnavailableError:
        check = None
    problems = problems_at_the_carrier(check, phone_words(found.sender.number)) if check else {}
    return render_template(
        "admin/settings/_number_check.html",
        check=check,
        found=check if isinstance(check, Found) else None,
        problem=next(iter(problems.values()), None),
        inbound_url=url,
        said=toast,
    )


def _pointed_here(services: Services) -> str:
    with services.database.shop_session(merchant().shop_id) as session:
        found = number_in_use(session)
        account = credentials_of(session, found.account.id) if found else None
    if found is None or account is None:
        return render_template("admin/settings/_number_check.html", missing=True)
    url = _inbound_url(services, account.key)
    try:
        check = services.carrier_desk.check(account, found.sender.number, inbound_url=url)
        if isinstance(check, Found) and check.number_id is not None:
            services.carrier_desk.point_at(account, check.number_id, url)
    except CarrierUnavailableError:
        return _looked_at(services, toast="Twilio did not answer. Try again in a moment.")
    return _looked_at(services)
