"""The inbox over HTTP: whose it is, what a look costs, and what is refused."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from app import create_app
from services import build_services
from tests.factories import make_shop
from tests.integration.inbox.making import Inbox
from tests.integration.shopify_auth.conftest import make_settings
from tests.sessions import admin_client


@pytest.fixture
def served(
    empty_database: str, empty_queue: str, now: datetime
) -> Iterator[tuple[FlaskClient, Inbox, FlaskClient]]:
    services = build_services(make_settings(empty_database, empty_queue))
    web = create_app(services)
    mine, theirs = (
        make_shop(services.database, now=now, domain=f"{name}.myshopify.com")
        for name in ("maple", "harbor")
    )
    yield (
        admin_client(web, mine.domain),
        Inbox(services.database, mine, now),
        admin_client(web, theirs.domain),
    )
    services.dispatcher.close()
    services.database.dispose()


Served = tuple[FlaskClient, Inbox, FlaskClient]


def _seen(page: str) -> dict[str, str]:
    names = ("list", "thread", "people")
    return {name: re.findall(f'data-seen-{name}="([^"]*)"', page)[0] for name in names}


def test_a_look_at_what_is_shown_finds_nothing_until_something_happens(served: Served) -> None:
    client, inbox, _ = served
    conversation = inbox.writes("Hello")
    seen = _seen(client.get(f"/inbox/{conversation}").text)
    asked = {"open": str(conversation), **seen}
    assert client.get("/inbox/changes", query_string=asked).status_code == 204
    inbox.writes("Hello?")
    changed = client.get("/inbox/changes", query_string=asked)
    assert changed.status_code == 200
    parts = re.findall('<template data-part="([a-z]+)">', changed.text)
    assert parts == ["tabs", "list", "head", "people", "texts", "blocked", "aside"]
    assert client.get("/inbox/changes", query_string=asked | _seen(changed.text)).status_code == 204


def test_a_conversation_of_another_shop_is_not_there_for_any_verb(served: Served) -> None:
    _, inbox, stranger = served
    conversation = inbox.writes("Hello")
    before = inbox.conversation(conversation)
    form = {"body": "Hi", "nonce": "1", "replies": "0", "seen": str(uuid.uuid4())}
    assert stranger.get(f"/inbox/{conversation}").status_code == 404
    for what in ("replies", "assign", "close", "reopen"):
        assert stranger.post(f"/inbox/{conversation}/{what}", data=form).status_code == 404
    assert stranger.post(f"/inbox/{conversation}/read", data=form).status_code == 204
    assert stranger.get(f"/inbox/changes?open={conversation}&list=").text.count("Hello") == 0
    assert "Hello" not in stranger.get(f"/inbox/{conversation}/texts").text
    after = inbox.conversation(conversation)
    assert (after.version, after.unread, after.assignee_id) == (before.version, 1, None)
    assert not inbox.sent()


def test_only_colleagues_can_be_given_a_conversation(served: Served) -> None:
    client, inbox, _ = served
    conversation = inbox.writes("Hello")
    to = {"to": str(uuid.uuid4()), "expected": ""}
    assert client.post(f"/inbox/{conversation}/assign", data=to).status_code == 400
    mira = inbox.staff("Mira")
    client.post(f"/inbox/{conversation}/assign", data={"to": str(mira), "expected": ""})
    assert inbox.conversation(conversation).assignee_id == mira


def test_a_reply_says_what_became_of_it(served: Served) -> None:
    client, inbox, _ = served
    conversation = inbox.writes("Hello")
    form = {"body": "Hi", "nonce": "n", "replies": "0"}
    outcomes = [
        client.post(f"/inbox/{conversation}/replies", data=form).headers["X-Parley-Outcome"]
        for _ in range(2)
    ]
    assert outcomes == ["sent", "sent"]
    assert len(inbox.sent()) == 1
    no_form = client.post(f"/inbox/{conversation}/replies", data={"body": "Hi"})
    assert no_form.status_code == 400


@pytest.mark.parametrize(
    "query", ["view=nonsense", "sort=1", "after=%00", "before=zz", "q=%00%ff", "q=" + "x" * 5000]
)
def test_a_bent_address_is_the_usual_inbox(served: Served, query: str) -> None:
    client, inbox, _ = served
    inbox.writes("Hello")
    assert client.get(f"/inbox?{query}").status_code == 200
    assert client.get(f"/inbox/changes?{query}&open=nonsense").status_code == 200


def test_one_conversation_can_be_asked_for_without_the_list(served: Served) -> None:
    client, inbox, _ = served
    conversation = inbox.writes("Hello")
    pane = client.get(f"/inbox/{conversation}", headers={"X-Parley-Pane": "1"}).text
    assert 'id="inbox-pane"' in pane
    assert "data-rows" in pane
    assert 'id="inbox-list"' not in pane
