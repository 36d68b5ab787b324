"""Every way to a token, by Shopify's own package and by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from shopify_app import ShopifyApp

from sandbox.shopify_admin.grants import Grants
from sandbox.shopify_admin.oauth import ID_TOKEN, TOKEN_EXCHANGE
from sandbox.shopify_admin.parts import Admin
from sandbox.shopify_admin.signing import session_token
from sandbox.store import Database
from tests.integration.sandbox_admin.conftest import MAPLE
from tests.integration.sandbox_admin.toy_app import KEY, SECRET

ADDRESS = f"/shops/{MAPLE}/admin/oauth/access_token"
CLIENT = {"client_id": KEY, "client_secret": SECRET}
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"


@pytest.fixture
def client(sandbox: Any) -> FlaskClient:
    found: FlaskClient = sandbox.test_client()
    return found


def a_session_token(admin: Admin, shop: str = MAPLE, **how: float) -> str:
    world = admin.store.world
    return session_token(admin.app, world.shop(shop), world.member("jonas"), **how)


def exchange(client: FlaskClient, token: str, **changes: object) -> Any:
    given = CLIENT | {
        "grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ID_TOKEN,
        "requested_token_type": OFFLINE, "expiring": 1,
    }  # fmt: skip
    return client.post(ADDRESS, json=given | changes)


def refresh(client: FlaskClient, token: str) -> Any:
    given = CLIENT | {"grant_type": "refresh_token", "refresh_token": token}
    return client.post(ADDRESS, json=given)


def ask(client: FlaskClient, token: str) -> int:
    answer = client.post(
        f"/shops/{MAPLE}/admin/api/2026-10/graphql.json",
        json={"query": "{ shop { name } }"}, headers={"X-Shopify-Access-Token": token},
    )  # fmt: skip
    return answer.status_code


def test_shopifys_own_package_exchanges_and_refreshes(
    admin: Admin, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_the_sandbox(request: httpx.Request) -> httpx.Response:
        url = f"{address}/shops/{request.url.host}{request.url.path}"
        return httpx.post(
            url, content=request.content, headers={"Content-Type": "application/json"}
        )

    app = ShopifyApp(client_id=KEY, client_secret=SECRET)
    wire = httpx.Client(transport=httpx.MockTransport(to_the_sandbox))
    token = a_session_token(admin)
    claims = {"dest": f"https://{MAPLE}"}
    first = app.exchange_using_token_exchange(
        access_mode="offline",
        id_token={"exchangeable": True, "token": token, "claims": claims},
        invalid_token_response=None, http_client=wire,
    )  # fmt: skip
    assert first.access_token is not None
    assert first.access_token.token.startswith("shpat_")
    assert first.access_token.scope == "read_fulfillments,read_orders,write_app_proxy"
    expired = vars(first.access_token) | {"expires": "2020-01-01T00:00:00Z"}
    second = app.refresh_token_exchanged_access_token(expired, http_client=wire)
    assert second.access_token is not None
    assert second.access_token.refresh_token != first.access_token.refresh_token


def test_a_token_lasts_an_hour_and_its_refresh_token_ninety_days(
    client: FlaskClient, admin: Admin
) -> None:
    told = exchange(client, a_session_token(admin)).json
    assert told["expires_in"] == 3600
    assert told["refresh_token_expires_in"] == 90 * 24 * 3600
    assert told["refresh_token"].startswith("shprt_")
    assert ask(client, told["access_token"]) == 200


@pytest.mark.parametrize(
    "token",
    [
        lambda admin: a_session_token(admin, "harbor-tea.myshopify.com"),
        lambda admin: a_session_token(admin, now=1_700_000_000),
        lambda admin: a_session_token(admin)[:-2] + "xx",
        lambda _admin: "no token",
    ],
    ids=["another shop's", "expired", "forged", "garbage"],
)
def test_a_bad_session_token_is_refused(client: FlaskClient, admin: Admin, token: Any) -> None:
    answer = exchange(client, token(admin))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_subject_token")


def test_a_token_that_never_expires_is_refused(client: FlaskClient, admin: Admin) -> None:
    answer = exchange(client, a_session_token(admin), expiring=0)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_wrong_secret_and_an_uninstalled_app_are_refused_alike(
    client: FlaskClient, admin: Admin
) -> None:
    told = exchange(client, a_session_token(admin)).json
    wrong = exchange(client, a_session_token(admin), client_secret="guess")
    assert (wrong.status_code, wrong.json["error"]) == (400, "invalid_client")
    admin.store.uninstall(MAPLE)
    assert refresh(client, told["refresh_token"]).json["error"] == "invalid_client"
    assert ask(client, told["access_token"]) == 401
    admin.install(MAPLE)
    assert ask(client, told["access_token"]) == 401
    assert refresh(client, told["refresh_token"]).json["error"] == "invalid_grant"


def test_a_lost_refresh_may_be_repeated_until_its_replacement_is_used(
    client: FlaskClient, admin: Admin
) -> None:
    first = exchange(client, a_session_token(admin)).json
    lost = refresh(client, first["refresh_token"]).json
    second = refresh(client, first["refresh_token"]).json
    assert ask(client, lost["access_token"]) == 401
    assert ask(client, first["access_token"]) == 200
    assert ask(client, second["access_token"]) == 200
    assert refresh(client, first["refresh_token"]).json["error"] == "invalid_grant"
    assert ask(client, first["access_token"]) == 401


def test_client_credentials_give_a_day_without_refresh(client: FlaskClient) -> None:
    told = client.post(ADDRESS, json=CLIENT | {"grant_type": "client_credentials"}).json
    assert told is not None
    assert told["expires_in"] == 86399
    assert "refresh_token" not in told
    assert ask(client, told["access_token"]) == 200


def test_tokens_survive_a_restart_and_expire(tmp_path: Any) -> None:
    now = [1_000.0]
    database = Database(tmp_path / "store.sqlite3")
    issued = Grants(database, clock=lambda: now[0]).issue(MAPLE, ("read_orders",))
    database.close()
    grants = Grants(Database(tmp_path / "store.sqlite3"), clock=lambda: now[0])
    assert grants.use(MAPLE, issued.access) == issued
    now[0] += 3601
    assert grants.use(MAPLE, issued.access) is None
    assert issued.refresh is not None
    assert grants.refresh("harbor-tea.myshopify.com", issued.refresh, ()) is None
    now[0] += 90 * 24 * 3600
    assert grants.refresh(MAPLE, issued.refresh, ()) is None


def test_faults_are_had_on_demand(client: FlaskClient, admin: Admin) -> None:
    told = exchange(client, a_session_token(admin)).json
    for fault, status in (("too_many_requests", 429), ("server_error", 503), ("frozen", 402)):
        given = {"fault": fault, "shop": MAPLE, "times": 1, "on": "graphql"}
        assert client.post("/_shopify/faults", json=given).status_code == 200
        assert ask(client, told["access_token"]) == status
        assert ask(client, told["access_token"]) == 200
    client.post("/_shopify/faults", json={"fault": "expire_tokens", "shop": MAPLE})
    assert ask(client, told["access_token"]) == 401
    renewed = refresh(client, told["refresh_token"]).json
    client.post("/_shopify/faults", json={"fault": "revoke_tokens"})
    assert refresh(client, renewed["refresh_token"]).json["error"] == "invalid_grant"
    unknown = client.post("/_shopify/faults", json={"fault": "earthquake"})
    assert unknown.status_code == 400


def test_the_back_door_opens_from_this_machine_alone(client: FlaskClient) -> None:
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/_shopify/faults", environ_base=far).status_code == 403
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/_shopify/faults", headers=forwarded).status_code == 403
    assert client.post("/_shopify/faults", data={"fault": "frozen"}).status_code == 415
