"""A shop's tokens: come by, kept, renewed once, lost and found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text

from models import StaffMember, Vault
from models.enums import ShopStatus, TokenGrant, TokenState
from services import Services
from shopify.token_rows import CREDENTIALS_REFUSED, NEEDS_VISIT, AccessToken, NoToken
from tests.factories import MadeShop
from tests.integration.shopify_auth.conftest import MAPLE
from tests.integration.shopify_auth.making import change, hours_ago, row_of, soon, visit
from tests.integration.shopify_auth.stand_in import HANGS_UP, Asked, Says, StandIn


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
