"""Management from the command line, as an operator types it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

import commands
from jobs.drain import Drainer
from models import CarrierAccount, Contact, Sender, ShippingText, WebhookReceipt
from models.enums import ConsentState, Milestone, ReceiptStatus, Registration
from services import Services
from tests.factories import MadeShop, make_contact
from tests.integration.web.attacks import SHOPIFY, shopify_headers

ROOT = Path(__file__).parents[3]
SID = "AC" + "9" * 32
TOKEN = "marked-carrier-token"
CONNECT = ["shops", "connect-carrier", "--account-sid", SID, "--type", "long_code"]


@pytest.fixture
def cli(web: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskCliRunner:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    return web.test_cli_runner()


def _ok(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def _sentence(result: Result) -> str:
    """Return what a refusal said: an exit code, no trace, no secret."""
    assert result.exit_code in {1, 2}
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert TOKEN not in result.output
    return result.output.strip().splitlines()[-1]


def test_segments_need_no_setting_at_all() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "segments"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input='"Hello"\n"Привет"\n',
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "GSM-7\t1\nUCS-2\t1\n"


def test_other_commands_say_every_missing_setting(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "shops", "list"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "DATABASE_URL is not set." in done.stderr.splitlines()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "needs_none"),
    [
        (["flask", "--app", "app", "segments"], True),
        (["flask", "--app=app", "segments"], True),
        (["flask", "-A", "app", "shops", "install", "segments"], False),
        (["flask", "--app", "app", "shops", "list"], False),
        (["flask", "--app", "segments", "shops", "list"], False),
        (["gunicorn", "app:create_app()"], False),
        (["gunicorn", "--name", "segments", "app:create_app()"], False),
        (["flask"], False),
    ],
)
def test_only_the_command_itself_goes_without_services(
    arguments: list[str],
    needs_none: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    assert commands.needs_no_services(arguments) is needs_none


def test_shops_are_installed_once_and_listed(cli: FlaskCliRunner) -> None:
    for name in ("New-Shop.myshopify.com", "new-shop.myshopify.com"):
        assert "is installed" in _ok(cli.invoke(args=["shops", "install", name]))
    assert _ok(cli.invoke(args=["shops", "list"])) == "new-shop.myshopify.com\tinstalled\n"


@pytest.mark.parametrize(
    "domain", ["", "shop", "shop.example.com", "https://a.myshopify.com", "a" * 300, "é", "a b"]
)
def test_what_is_no_shop_is_refused_in_a_sentence(cli: FlaskCliRunner, domain: str) -> None:
    assert "is not a shop's domain" in _sentence(cli.invoke(args=["shops", "install", domain]))


def test_a_carrier_is_connected_and_brought_up_to_date(
    cli: FlaskCliRunner, services: Services, shop: MadeShop
) -> None:
    arguments = [*CONNECT, "--shop", shop.domain, "--number", "+12065550199"]
    said = _ok(cli.invoke(args=[*arguments, "--account-key", "a-key"]))
    assert "https://parley.example.com/webhooks/twilio/a-key/inbound" in said
    assert TOKEN not in said
    _ok(cli.invoke(args=[*arguments, "--registration", "rejected", "--segments-per-second", "7"]))
    with services.database.shop_session(shop.id) as session:
        sender = session.scalars(select(Sender).where(Sender.number == "+12065550199")).one()
        account = session.get_one(CarrierAccount, sender.carrier_account_id)
        assert sender.registration is Registration.REJECTED
        assert sender.segments_per_second == Decimal(7)
        assert account.account_key == "a-key"
        assert TOKEN.encode() not in account.auth_token_encrypted
        assert session.vault.decrypt(account.auth_token_encrypted).decode() == TOKEN


def test_a_number_or_key_of_another_shop_is_refused(
    cli: FlaskCliRunner, services: Services, shop: MadeShop, other_shop: MadeShop
) -> None:
    mine = [*CONNECT, "--shop", shop.domain, "--number"]
    taken = cli.invoke(args=[*mine, other_shop.number])
    assert f"{other_shop.number} is connected to another shop." in _sentence(taken)
    key = ["+12065550199", "--account-key", other_shop.account_key]
    assert f"The account key {other_shop.account_key} is" in _sentence(
        cli.invoke(args=[*mine, *key])
    )
    with services.database.shop_session(shop.id) as session:
        assert len(session.scalars(select(Sender)).all()) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--number", "call me"], "is not a number"),
        (["--number", "2065550199"], "is not a number"),
        (["--account-sid", "nonsense"], "account SID"),
        (["--account-key", "a/b?c"], "account key"),
        (["--account-key", "é" * 90], "account key"),
        (["--segments-per-second", "-1"], "segments a second"),
        (["--segments-per-second", "NaN"], "segments a second"),
        (["--segments-per-second", "fast"], "is not a valid decimal"),
        (["--type", "pigeon"], "pigeon"),
        (["--shop", "absent.myshopify.com"], "There is no shop absent.myshopify.com."),
    ],
    ids=str,
)
def test_a_wrong_argument_is_one_sentence(
    cli: FlaskCliRunner, shop: MadeShop, changed: list[str], said: str
) -> None:
    arguments = [*CONNECT, "--shop", shop.domain, "--number", "+12065550199", *changed]
    assert said in _sentence(cli.invoke(args=arguments))


def test_without_a_token_nothing_is_connected(
    cli: FlaskCliRunner, shop: MadeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    arguments = [*CONNECT, "--shop", shop.domain, "--number", "+12065550199"]
    assert "Set TWILIO_AUTH_TOKEN" in _sentence(cli.invoke(args=arguments))


def test_what_could_not_be_used_is_listed_and_tried_again(
    cli: FlaskCliRunner, web: Flask, services: Services, shop: MadeShop
) -> None:
    body = b"[1, 2]"
    web.test_client().post(SHOPIFY, data=body, headers=shopify_headers(body, domain=shop.domain))
    Drainer(services.database, clock=services.clock).drain("shopify_webhook")
    listed = _ok(cli.invoke(args=["receipts", "list", "--shop", shop.domain]))
    receipt_id, _, topic, problem = listed.strip().split("\t")
    assert (topic, bool(problem)) == ("orders/create", True)
    retry = ["receipts", "retry", "--shop", shop.domain]
    unknown = "0193a5b2-4155-7555-8010-141555501010"
    said = _ok(cli.invoke(args=[*retry, receipt_id, unknown])).splitlines()
    assert said == [f"{receipt_id}\tqueued", f"{unknown}\tnothing to retry"]
    with services.database.shop_session(shop.id) as session:
        assert session.scalars(select(WebhookReceipt)).one().status is ReceiptStatus.RECEIVED
    assert "is not a valid UUID" in _sentence(cli.invoke(args=[*retry, "first"]))
    assert "Missing argument" in _sentence(cli.invoke(args=retry))


def test_another_shops_receipt_cannot_be_retried(
    cli: FlaskCliRunner, web: Flask, services: Services, shop: MadeShop, other_shop: MadeShop
) -> None:
    body = b"[1, 2]"
    web.test_client().post(SHOPIFY, data=body, headers=shopify_headers(body, domain=shop.domain))
    Drainer(services.database, clock=services.clock).drain("shopify_webhook")
    listed = _ok(cli.invoke(args=["receipts", "list", "--shop", shop.domain]))
    receipt_id = listed.split("\t")[0]
    said = _ok(cli.invoke(args=["receipts", "retry", "--shop", other_shop.domain, receipt_id]))
    assert said == f"{receipt_id}\tnothing to retry\n"


def test_consent_is_rebuilt_from_the_ledger(
    cli: FlaskCliRunner, services: Services, shop: MadeShop, now: datetime
) -> None:
    with services.database.shop_session(shop.id) as session:
        make_contact(session, now=now, transactional=True)
        session.flush()
        session.execute(update(Contact).values(transactional=ConsentState.NONE))
    rebuild = ["consent", "rebuild", "--shop", shop.domain]
    assert _ok(cli.invoke(args=rebuild)) == "1 contacts differed from the ledger.\n"
    assert _ok(cli.invoke(args=rebuild)) == "0 contacts differed from the ledger.\n"
    with services.database.shop_session(shop.id) as session:
        assert session.scalars(select(Contact)).one().transactional is ConsentState.GRANTED


def test_shipping_texts_are_switched(
    cli: FlaskCliRunner, services: Services, shop: MadeShop
) -> None:
    switch = ["shipping-texts", "--shop", shop.domain]
    for milestone, to in (("all", "on"), ("delivered", "off"), ("delayed", "auto")):
        assert _ok(cli.invoke(args=[*switch, milestone, to])) == f"{milestone}: {to}\n"
    with services.database.shop_session(shop.id) as session:
        chosen = {row.milestone: row.enabled for row in session.scalars(select(ShippingText))}
    expected: dict[Milestone, bool | None] = dict.fromkeys(Milestone, True)
    assert chosen == expected | {Milestone.DELIVERED: False, Milestone.DELAYED: None}
    assert "'lost'" in _sentence(cli.invoke(args=[*switch, "lost", "on"]))


def test_the_log_of_a_command_holds_no_secret_and_no_number(
    cli: FlaskCliRunner, shop: MadeShop, other_shop: MadeShop, written: io.StringIO
) -> None:
    for number in ("+12065550199", other_shop.number):
        cli.invoke(args=[*CONNECT, "--shop", shop.domain, "--number", number])
    assert "marked-" not in written.getvalue()
    assert other_shop.number not in written.getvalue()
