"""Management from the command line: `flask --app app <command>`."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jobs.drain import retry
from models import Contact, ShippingText, WebhookReceipt
from models.across_shops import all_shop_ids, shop_id_of_domain
from models.enums import (
    Milestone,
    ReceiptStatus,
    Registration,
    Scope,
    SenderType,
    TokenGrant,
)
from services import Services
from shopify.shops import install_shop
from shopify.token_rows import NoToken
from sms.carriers.accounts import Connection, connect
from sms.consent.ledger import refresh_state
from sms.delivery import segments_cli

_WITHOUT_SERVICES = frozenset({"segments"})
_OPTIONS_WITH_A_VALUE = frozenset({"-A", "--app", "-e", "--env-file"})


def needs_no_services(arguments: Sequence[str]) -> bool:
    """Say whether this command line works without a database, a queue or any setting."""
    if not arguments or PurePath(arguments[0]).stem not in {"flask", "__main__"}:
        return False
    rest = iter(arguments[1:])
    for word in rest:
        if word in _OPTIONS_WITH_A_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word in _WITHOUT_SERVICES
    return False


def register(app: Flask) -> None:
    for command in (shops, receipts, consent, shipping_texts, segments):
        app.cli.add_command(command)


def _services() -> Services:
    services: Services = current_app.extensions["parley"]
    return services


def _shop_id(domain: str) -> uuid.UUID:
    with _services().database.shared_session() as session:
        found = shop_id_of_domain(session, domain.lower())
    if found is None:
        raise click.ClickException(f"There is no shop {domain}. `shops install` adds it.")
    return found


class _Pace(click.ParamType[Decimal]):
    name = "decimal"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not a valid decimal.", param, ctx)


def _connection(**entered: Any) -> Connection:
    try:
        return Connection(**entered)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None


shops = AppGroup("shops", help="Shops and the numbers they text from.")


@shops.command("list")
def list_shops() -> None:
    """Show every shop, its state and its numbers' web addresses."""
    database = _services().database
    with database.shared_session() as session:
        ids = all_shop_ids(session)
    for shop_id in ids:
        with database.shop_session(shop_id) as session:
            click.echo(f"{session.shop.domain}\t{session.shop.status}")


@shops.command("install")
@click.argument("domain")
def install(domain: str) -> None:
    """Add a shop by its *.myshopify.com DOMAIN, or bring it back after an uninstall."""
    try:
        install_shop(_services().database, domain, now=_services().clock())
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{domain} is installed.")


@shops.command("use-client-credentials")
@click.argument("domain")
@click.option("--off", is_flag=True, help="Go back to tokens that come with a merchant's visit.")
def use_client_credentials(domain: str, *, off: bool) -> None:
    """Get the tokens of your own store DOMAIN by the app's secret, without anybody's visit."""
    grant = TokenGrant.EXCHANGE if off else TokenGrant.CLIENT_CREDENTIALS
    shop_id = _shop_id(domain)
    _services().tokens.use(shop_id, grant)
    if off:
        click.echo(f"{domain}: open Parley in Shopify admin, so that it gets a token.")
        return
    found = _services().tokens.access_token(shop_id)
    if isinstance(found, NoToken):
        raise click.ClickException(found.sentence)
    click.echo(f"{domain} is connected.")


@shops.command("connect-carrier")
@click.option("--shop", required=True, help="The shop's *.myshopify.com domain.")
@click.option("--account-sid", required=True, help="Twilio's account SID (AC...).")
@click.option("--number", required=True, help="E.164 number, short code or service SID (MG...).")
@click.option(
    "--type", "kind", required=True, type=click.Choice([each.value for each in SenderType])
)
@click.option("--account-key", help="Name in the webhook addresses; made up if left out.")
@click.option("--segments-per-second", type=_Pace(), help="The pace the carrier granted.")
@click.option(
    "--registration", type=click.Choice([each.value for each in Registration]), default="approved"
)
@click.option("--answers-stop-itself/--parley-answers-stop", default=None)
def connect_carrier(
    *,
    shop: str,
    account_sid: str,
    number: str,
    kind: SenderType,
    account_key: str | None,
    segments_per_second: Decimal | None,
    registration: Registration,
    answers_stop_itself: bool | None,
) -> None:
    """Connect a carrier account and number. TWILIO_AUTH_TOKEN is read from the environment."""
    token = os.environ.get("TWILIO_AUTH_TOKEN")
    if not token:
        raise click.ClickException("Set TWILIO_AUTH_TOKEN to the account's primary auth token.")
    if answers_stop_itself is None:
        # On toll-free numbers the network answers STOP, whatever anyone sets.
        answers_stop_itself = kind == SenderType.TOLL_FREE
    connection = _connection(
        account_sid=account_sid,
        auth_token=token,
        number=number,
        type=SenderType(kind),
        registration=Registration(registration),
        answers_stop_itself=answers_stop_itself,
        segments_per_second=segments_per_second,
        account_key=account_key,
    )
    try:
        with _services().database.shop_session(_shop_id(shop)) as session:
            account = connect(session, connection, now=_services().clock())
    except IntegrityError as error:
        taken = f"The account key {account_key}" if "account_key" in str(error.orig) else number
        raise click.ClickException(f"{taken} is connected to another shop.") from None
    base = f"{_services().settings.public_url}/webhooks/twilio/{account.account_key}"
    click.echo(f"Connected {number}. In Twilio, set its incoming message webhook to:")
    # Twilio tries a failing webhook once more only if it is told to; the fragment tells it.
    click.echo(f"  {base}/inbound#rc=5&rp=all")


receipts = AppGroup("receipts", help="Webhooks that could not be used.")


@receipts.command("list")
@click.option("--shop", required=True, help="The shop's *.myshopify.com domain.")
def list_receipts(shop: str) -> None:
    """Show the webhooks that could not be used, and what was wrong with each."""
    query = (
        select(WebhookReceipt)
        .where(WebhookReceipt.status == ReceiptStatus.UNUSABLE)
        .order_by(WebhookReceipt.received_at)
    )
    with _services().database.shop_session(_shop_id(shop)) as session:
        for receipt in session.scalars(query):
            when = receipt.received_at.isoformat(timespec="seconds")
            click.echo(f"{receipt.id}\t{when}\t{receipt.topic}\t{receipt.problem}")


@receipts.command("retry")
@click.option("--shop", required=True, help="The shop's *.myshopify.com domain.")
@click.argument("receipt_ids", nargs=-1, required=True, type=click.UUID)
def retry_receipts(shop: str, receipt_ids: tuple[uuid.UUID, ...]) -> None:
    """Put unusable webhooks back to work."""
    with _services().database.shop_session(_shop_id(shop)) as session:
        for receipt_id in receipt_ids:
            again = retry(session, receipt_id, now=_services().clock())
            click.echo(f"{receipt_id}\t{'queued' if again else 'nothing to retry'}")


consent = AppGroup("consent", help="The ledger of consent.")


@consent.command("rebuild")
@click.option("--shop", required=True, help="The shop's *.myshopify.com domain.")
def rebuild(shop: str) -> None:
    """Rebuild every contact's state from the ledger, and say how many were wrong."""
    wrong = 0
    with _services().database.shop_session(_shop_id(shop)) as session:
        for contact in session.scalars(select(Contact).with_for_update()):
            before = (contact.marketing, contact.transactional)
            after = tuple(refresh_state(session, contact, scope) for scope in Scope)
            wrong += before != after
    click.echo(f"{wrong} contacts differed from the ledger.")


@click.command("shipping-texts")
@click.option("--shop", required=True, help="The shop's *.myshopify.com domain.")
@click.argument("milestone", type=click.Choice([*(each.value for each in Milestone), "all"]))
@click.argument("switch", type=click.Choice(["on", "off", "auto"]))
@with_appcontext
def shipping_texts(shop: str, milestone: str, switch: str) -> None:
    """Switch the texts about a MILESTONE on or off; auto follows Shopify's own switch."""
    chosen = list(Milestone) if milestone == "all" else [Milestone(milestone)]
    now = _services().clock()
    with _services().database.shop_session(_shop_id(shop)) as session:
        for each in chosen:
            row = session.scalars(
                select(ShippingText).where(ShippingText.milestone == each)
            ).first() or ShippingText(milestone=each)
            row.enabled = {"on": True, "off": False, "auto": None}[switch]
            row.updated_at = now
            session.add(row)
    click.echo(f"{milestone}: {switch}")


@click.command("segments")
def segments() -> None:
    """Read one JSON string a line and print its encoding and its number of segments."""
    sys.exit(segments_cli.run(sys.stdin, sys.stdout))
