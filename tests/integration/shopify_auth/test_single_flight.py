"""However many ask for a token that is about to end, Shopify is asked once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from services import Services
from settings import Settings
from shopify.token_rows import AccessToken
from tests.factories import MadeShop
from tests.integration.shopify_auth.conftest import MAPLE
from tests.integration.shopify_auth.making import change, hours_ago, visit
from tests.integration.shopify_auth.stand_in import Says, StandIn

ASK = """
import json, sys
from services import build_services
from settings import load_settings
import uuid
services = build_services(load_settings())
print("ready", flush=True)
sys.stdin.readline()
found = services.tokens.access_token(uuid.UUID(sys.argv[1]))
print(json.dumps(found.value), flush=True)
"""


def test_threads_wait_for_the_one_that_renews(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.seconds_per_token = 0.5
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(services.tokens.access_token, maple.id) for _ in range(8)]
    assert {each.result() for each in asked} == {AccessToken(MAPLE, "shpat_3")}
    assert shopify.grants() == ["token-exchange", "refresh_token"]


def test_calls_that_were_all_rejected_renew_once(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    shopify.seconds_per_token = 0.3
    shopify.for_api.extend([Says({"errors": "[API] Invalid API key"}, 401)] * 4)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(services.admin_api.run, maple.id, "ShopFacts") for _ in range(4)]
    assert all(each.result().problem is None for each in asked)
    assert shopify.grants() == ["token-exchange", "refresh_token"]


def test_the_first_page_and_its_fetches_exchange_once(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    shopify.seconds_per_token = 0.3
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(visit, web) for _ in range(4)]
    assert {each.result() for each in asked} == {200}
    assert shopify.grants() == ["token-exchange"]


def test_processes_wait_for_the_one_that_renews(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, settings: Settings
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.seconds_per_token = 0.7
    asking = [_process(maple.id, settings) for _ in range(2)]
    for process in asking:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in asking:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in asking]
    assert [json.loads(each) for each in said] == ["shpat_3", "shpat_3"]
    assert shopify.grants() == ["token-exchange", "refresh_token"]


def test_a_process_that_dies_while_it_renews_holds_up_nobody(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, settings: Settings
) -> None:
    visit(web)
    change(services.database, maple.id, expires_at=hours_ago(1))
    shopify.seconds_per_token = 1.5
    dying = _process(maple.id, settings)
    assert dying.stdout is not None
    assert dying.stdin is not None
    dying.stdout.readline()
    dying.stdin.write("\n")
    dying.stdin.flush()
    while shopify.grants()[-1] != "refresh_token":
        time.sleep(0.02)
    dying.kill()
    dying.communicate()
    shopify.seconds_per_token = 0
    found = services.tokens.access_token(maple.id)
    assert isinstance(found, AccessToken)
    # What the dead one got was never used, so the token before it is still good.
    assert shopify.asked[-1].body["refresh_token"] == "shprt_1"


def _process(shop_id: uuid.UUID, settings: Settings) -> subprocess.Popen[str]:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PUBLIC_URL": settings.public_url,
        "SHOPIFY_API_KEY": settings.shopify_api_key,
        "SHOPIFY_API_SECRET": settings.shopify_api_secret.get_secret_value(),
        "ENCRYPTION_KEYS": settings.encryption_keys[0].get_secret_value(),
        "PHONE_HASH_KEYS": settings.phone_hash_keys[0].get_secret_value(),
        "SHOPIFY_BASE_URL": settings.shopify_base_url or "",
    }
    return subprocess.Popen(
        [sys.executable, "-c", ASK, str(shop_id)],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
