"""A shop's tokens: come by, kept, renewed once, lost and found again."""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text, update

from logs import configure_logging
from models import Database, Shop, ShopToken, StaffMember, Vault, Wake
from models.enums import ShopStatus, TokenGrant, TokenState
from services import Services, build_services
from shopify.shops import mark_uninstalled
from shopify.token_rows import CREDENTIALS_REFUSED, NEEDS_VISIT, AccessToken, NoToken
from tests.factories import MadeShop
from tests.integration.shopify_auth.conftest import MAPLE, make_settings
from tests.integration.shopify_auth.stand_in import HANGS_UP, Asked, Says, StandIn
from tests.sessions import bearer, session_token


def visit(web: Flask, shop: str = MAPLE, **about: Any) -> int:
    """Open the app as Shopify does: with a token in the address."""
    token = session_token(shop, **about)
    return web.test_client().get(f"/?shop={shop}&host=x&embedded=1&id_token={token}").status_code


def row_of(database: Database, shop_id: uuid.UUID) -> ShopToken:
    with database.shop_session(shop_id) as session:
        return session.scalars(select(ShopToken)).one()


def change(database: Database, shop_id: uuid.UUID, **values: Any) -> None:
    with database.shop_session(shop_id) as session:
        session.execute(update(ShopToken).values(**values))


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=30)


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def test_the_first_visit_exchanges_for_an_expiring_token_and_learns_who_it_was(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    assert visit(web) == 200
    offline, online = shopify.asked
    assert offline.path == f"/shops/{MAPLE}/admin/oauth/access_token"
    assert offline.body["expiring"] == 1
    assert offline.body["requested_token_type"].endswith("offline-access-token")
    assert online.online
    row = row_of(services.database, maple.id)
    assert (row.state, row.granted_by) == (TokenState.FRESH, TokenGrant.EXCHANGE)
    assert row.expires_at is not None
    assert row.refresh_expires_at is not None
    assert row.refresh_expires_at - row.expires_at > timedelta(days=89)
    assert services.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_1")
    with services.database.shop_session(maple.id) as session:
        staff = session.scalars(select(StaffMember)).one()
        assert (staff.name, staff.account_owner) == ("Ada Lovelace", True)
        assert session.shop.scopes == "read_fulfillments,read_orders"
    assert visit(web) == 200
    assert len(shopify.asked) == 2


def test_tokens_are_unreadable_in_the_database_and_keys_can_be_rotated(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, settings: Any
) -> None:
    visit(web)
    with services.database.engine.connect() as connection:
        stored = str(connection.execute(text("SELECT shop_tokens::text FROM shop_tokens")).all())
    assert "shpat" not in stored
    assert "73687061745f" not in stored  # the same in hexadecimal, as PostgreSQL shows bytes
    old = settings.encryption_keys[0].get_secret_value()
    rotated = Vault(encryption_keys=[Fernet.generate_key().decode(), old], phone_hash_keys=["any"])
    services.database.vault = rotated
    found = services.tokens.access_token(maple.id)
    assert isinstance(found, AccessToken)
    assert found.value == "shpat_1"
    services.database.vault = Vault(
        encryption_keys=[Fernet.generate_key().decode()], phone_hash_keys=["any"]
    )
    lost = services.tokens.access_token(maple.id)
    assert isinstance(lost, NoToken)
    assert lost.state is TokenState.NEEDS_REAUTH


@pytest.mark.parametrize("missing", ["expires_in", "refresh_token_expires_in"])
@pytest.mark.parametrize("instead", [None, "soon", -5, 0, True])
def test_a_lifetime_that_is_left_out_or_nonsense_is_the_usual_one(
    web: Flask,
    services: Services,
    shopify: StandIn,
    maple: MadeShop,
    missing: str,
    instead: object,
) -> None:
    def without(asked: Asked) -> Says:
        told = shopify.good_token(asked).body
        return Says({**told, missing: instead})

    shopify.for_tokens.append(without)
    visit(web)
    row = row_of(services.database, maple.id)
    assert row.expires_at is not None
    assert timedelta(minutes=59) < row.expires_at - datetime.now(UTC) < timedelta(minutes=61)
    change(services.database, maple.id, expires_at=soon())
    shopify.for_tokens.append(without)
    assert services.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_3")
    row = row_of(services.database, maple.id)
    assert row.expires_at is not None
    assert row.refresh_expires_at is not None
    assert row.expires_at > hours_ago(-0.9)
    assert row.refresh_expires_at > hours_ago(-24 * 89)


def test_a_token_about_to_end_is_renewed_and_both_halves_are_replaced(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=soon())
    assert services.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_3")
    assert shopify.asked[-1].body["refresh_token"] == "shprt_1"
    change(services.database, maple.id, expires_at=soon())
    services.tokens.access_token(maple.id)
    assert shopify.asked[-1].body["refresh_token"] == "shprt_3"


@pytest.mark.parametrize(
    "lost", [HANGS_UP, Says(b"<html>", 200), Says({}, 200), Says([], 200), Says("x", 503)]
)
def test_a_lost_answer_leaves_the_old_tokens_which_still_work(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, lost: Says
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=soon())
    shopify.for_tokens.extend([lost] * 3)
    # It is good for half a minute yet.
    assert services.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_1")
    shopify.for_tokens.clear()
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.for_tokens.extend([lost] * 3)
    found = services.tokens.access_token(maple.id)
    assert isinstance(found, NoToken)
    assert found.state is TokenState.FRESH
    shopify.for_tokens.clear()
    assert isinstance(services.tokens.access_token(maple.id), AccessToken)
    assert shopify.asked[-1].body["refresh_token"] == "shprt_1"


def test_a_dead_refresh_token_needs_a_visit_and_heals_with_it(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.for_tokens.append(Says({"error": "invalid_grant"}, 400))
    lost = NoToken(TokenState.NEEDS_REAUTH, NEEDS_VISIT)
    assert services.tokens.access_token(maple.id) == lost
    asked = len(shopify.asked)
    assert services.tokens.access_token(maple.id) == lost
    assert len(shopify.asked) == asked
    assert visit(web) == 200
    assert isinstance(services.tokens.access_token(maple.id), AccessToken)


def test_a_refresh_token_past_its_end_is_not_even_tried(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1), refresh_expires_at=hours_ago(0.5))
    asked = len(shopify.asked)
    assert isinstance(services.tokens.access_token(maple.id), NoToken)
    assert len(shopify.asked) == asked


def test_refused_credentials_are_said_and_not_tried_all_the_time(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.for_tokens.append(Says({"error": "invalid_client"}, 400))
    refused = NoToken(TokenState.REFUSED, CREDENTIALS_REFUSED)
    assert services.tokens.access_token(maple.id) == refused
    asked = len(shopify.asked)
    assert services.tokens.access_token(maple.id) == refused
    assert len(shopify.asked) == asked
    # It may be the secret: nobody's texts are thrown away for it.
    with services.database.shop_session(maple.id) as session:
        assert session.shop.status is ShopStatus.INSTALLED
    change(services.database, maple.id, refused_at=hours_ago(1))
    assert isinstance(services.tokens.access_token(maple.id), AccessToken)


def test_a_session_token_that_is_refused_leaves_what_there_is(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    shopify.for_tokens.append(Says({"error": "invalid_subject_token"}, 400))
    assert visit(web) == 200
    assert row_of(services.database, maple.id).state is TokenState.NONE
    assert visit(web) == 200
    assert row_of(services.database, maple.id).state is TokenState.FRESH


def test_a_page_is_shown_while_shopify_is_away(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    shopify.for_tokens.extend([HANGS_UP] * 4)
    assert visit(web) == 200


def test_idle_tokens_are_renewed_weekly_and_only_those(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, harbor: MadeShop
) -> None:
    visit(web)
    visit(web, harbor.domain)
    assert services.tokens.idle_shops() == []
    change(services.database, maple.id, obtained_at=hours_ago(24 * 8))
    assert services.tokens.idle_shops() == [maple.id]
    asked = len(shopify.asked)
    for _ in range(2):
        services.tokens.renew_idle(maple.id)
    assert [each.grant for each in shopify.asked[asked:]] == ["refresh_token"]
    assert services.tokens.idle_shops() == []
    change(services.database, maple.id, obtained_at=hours_ago(24 * 8))
    with services.database.shop_session(maple.id) as session:
        session.scalars(select(Shop)).one().status = ShopStatus.UNINSTALLED
    assert services.tokens.idle_shops() == []


def test_a_removed_shop_has_no_token_whatever_is_stored(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    with services.database.shop_session(maple.id) as session:
        assert mark_uninstalled(session, triggered_at=datetime.now(UTC) + timedelta(seconds=1))
    row = row_of(services.database, maple.id)
    assert (row.access_token_encrypted, row.refresh_token_encrypted) == (None, None)
    assert isinstance(services.tokens.access_token(maple.id), NoToken)


def test_a_merchants_own_shop_needs_nobodys_visit(
    services: Services, shopify: StandIn, maple: MadeShop, empty_database: str, empty_queue: str
) -> None:
    own = build_services(
        make_settings(
            empty_database,
            empty_queue,
            shopify_base_url=shopify.url,
            shopify_client_credentials=True,
        )
    )
    assert own.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_1")
    assert own.tokens.access_token(maple.id, rejected="shpat_1") == AccessToken(MAPLE, "shpat_2")
    change(own.database, maple.id, expires_at=soon())
    assert own.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_3")
    assert shopify.grants() == ["client_credentials"] * 3
    assert row_of(own.database, maple.id).refresh_token_encrypted is None
    own.dispatcher.close()
    own.database.dispose()


def test_one_shop_can_be_switched_to_client_credentials_and_back(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    run = web.test_cli_runner().invoke
    done = run(args=["shops", "use-client-credentials", MAPLE])
    assert done.exit_code == 0, done.output
    assert visit(web) == 200
    assert shopify.grants() == ["client_credentials"]
    assert run(args=["shops", "use-client-credentials", MAPLE, "--off"]).exit_code == 0
    assert isinstance(services.tokens.access_token(maple.id), NoToken)
    assert visit(web) == 200
    assert shopify.grants() == ["client_credentials", "token-exchange"]
    shopify.for_tokens.append(Says({"error": "invalid_client"}, 400))
    failed = run(args=["shops", "use-client-credentials", MAPLE])
    assert failed.exit_code == 1
    assert CREDENTIALS_REFUSED in failed.output


def test_no_token_and_no_secret_is_ever_logged(
    web: Flask,
    services: Services,
    shopify: StandIn,
    maple: MadeShop,
    everything_logged: io.StringIO,
) -> None:
    with_secrets: list[Callable[[], object]] = [
        lambda: visit(web),
        lambda: change(services.database, maple.id, expires_at=hours_ago(1)),
        lambda: services.admin_api.run(maple.id, "ShopFacts"),
    ]
    for step in with_secrets:
        step()
    for said in (Says({"error": "invalid_grant"}, 400), Says({"error": "odd"}, 418), HANGS_UP):
        change(services.database, maple.id, state=TokenState.FRESH, expires_at=hours_ago(1))
        shopify.for_tokens.append(said)
        services.tokens.access_token(maple.id)
    web.test_client().get("/", headers=bearer(MAPLE, secret="x" * 40))
    said_aloud = everything_logged.getvalue()
    assert said_aloud
    for secret in ("shpat_", "shprt_", "shpss_", "eyJ", "Bearer"):
        assert secret not in said_aloud


@pytest.fixture
def everything_logged(monkeypatch: pytest.MonkeyPatch) -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("DEBUG")
    # A logger that keeps what it was made with would outlive this test.
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_new_token_asks_for_a_look_at_the_shop(
    web: Flask, services: Services, maple: MadeShop
) -> None:
    woken: list[Wake] = []
    services.database.on_wake = woken.extend
    visit(web)
    assert Wake("shop_connection", str(maple.id)) in woken
    change(services.database, maple.id, looked_at=datetime.now(UTC))
    woken.clear()
    visit(web)
    assert not woken
