"""Pictures between a phone and Parley, through the carrier's stand-in as a process."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal

import pytest

from models import Database
from sms.carriers.protocol import Account
from sms.delivery.dispatch import Dispatcher
from sms.inbox.replies import Sent
from sms.media.download import DownloadFailedError, Downloads
from tests.factories import ADA, MadeShop, make_shop
from tests.integration.media.making import HTML, PNG, Files
from tests.integration.media.test_outbound import reply
from tests.integration.sandbox_carrier.running import Running, eventually
from tests.integration.sms.conftest import carrier_of_shops, stand_in  # noqa: F401 - fixtures
from tests.integration.sms.making import PUBLIC_URL, Clock, Desk, through_twilio

PICTURE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


@pytest.fixture
def shop(database: Database, clock: Clock) -> MadeShop:
    return make_shop(database, now=clock(), pace=Decimal(400))


@pytest.fixture
def ours(database: Database, shop: MadeShop, clock: Clock) -> Desk:
    desk = Desk(database, shop, clock)
    desk.texts("Can you show me?")
    desk.works()
    return desk


def test_a_phones_picture_is_fetched_with_the_accounts_secret_alone(
    shop: MadeShop,
    stand_in: Running,  # noqa: F811 - the fixture
) -> None:
    text = {"from": ADA, "to": shop.number, "body": "", "pictures": [PICTURE]}
    [url] = stand_in.control("/text_in", text)["media"]
    assert url.startswith(f"https://api.twilio.com/2010-04-01/Accounts/{shop.account_sid}/")
    account = Account(sid=shop.account_sid, key=shop.account_key, auth_token=shop.auth_token)
    downloads = Downloads(carrier_base_url=stand_in.url)
    assert downloads.fetch(url, account) == PNG
    with pytest.raises(DownloadFailedError, match="HTTP 401"):
        downloads.fetch(url, replace(account, auth_token="wrong"))
    with pytest.raises(DownloadFailedError, match="HTTP 404"):
        downloads.fetch(url[:-1] + ("0" if url[-1] != "0" else "1"), account)


def test_what_is_no_picture_cannot_be_attached(shop: MadeShop, stand_in: Running) -> None:  # noqa: F811
    text = {"from": ADA, "to": shop.number, "body": "", "pictures": ["data:text/html;base64,PGI+"]}
    assert "error" in stand_in.control("/text_in", text)


@pytest.mark.parametrize(
    ("data", "status", "ends"),
    [
        (PNG, 200, ("delivered", None)),
        (PNG, 410, ("failed", 11200)),
        (PNG + b"\0" * 6_000_000, 200, ("failed", 30019)),
        (HTML, 200, ("failed", 12300)),
    ],
)
def test_the_carrier_fetches_our_pictures_before_it_sends(
    ours: Desk,
    stand_in: Running,  # noqa: F811 - the fixture
    files: Files,
    data: bytes,
    status: int,
    ends: tuple[str, int | None],
) -> None:
    files.data, files.status = data, status
    files.kind = "text/html" if data is HTML else "image/png"
    assert isinstance(reply(ours), Sent)
    dispatcher = Dispatcher(
        ours.database,
        through_twilio(stand_in),
        clock=ours.clock,
        public_url=PUBLIC_URL,
        media_address=lambda _, media_id: f"{files.url}/media/{media_id}",
        concurrency=4,
        carrier_timeout=2,
    )
    dispatcher.run(ours.shop.id, ours.shop.sender_id)
    dispatcher.close()

    def ended() -> bool:
        [sent] = stand_in.accepted(ADA)
        return (sent["status"], sent["error_code"]) == ends

    assert eventually(ended), stand_in.accepted(ADA)
    assert [secret for _, secret in files.asked] == [None]
