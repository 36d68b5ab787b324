"""What a stranger can send, and how the real senders sign."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.routing import BaseConverter, IntegerConverter, PathConverter, UUIDConverter
from werkzeug.test import TestResponse

from route_access import access_of
from tests.factories import ADA, MadeShop

PUBLIC_URL = "https://parley.example.com"
SECRET = "marked-shopify-secret"
PREVIOUS_SECRET = "marked-shopify-secret-before"
FORM = "application/x-www-form-urlencoded"
SHOPIFY = "/webhooks/shopify"
SIGNATURES = ("X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256", "X-Twilio-Signature")
# What no answer and no log line may hold.
GIVEAWAYS = ("Traceback", "sqlalchemy", "psycopg", "marked-", 'File "/')


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    name: str
    is_open: bool


@dataclass(frozen=True)
class Attack:
    """One request that nobody vouches for. `after` is put behind the path."""

    name: str
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: str = ""


def endpoints(app: Flask, *, account_key: str) -> list[Endpoint]:
    """Every address of the application, so that a new one is attacked by itself."""
    served: dict[tuple[str, str], list[str]] = {}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = {name: _some(kind, account_key) for name, kind in rule._converters.items()}
            _, path = rule.build(values) or ("", "")
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                served.setdefault((method, path), []).append(rule.endpoint)
    # One address may have two views, such as a page of the admin and its front door.
    return [
        Endpoint(method, path, names[0], any(_is_open(app, name) for name in names))
        for (method, path), names in served.items()
    ]


def _some(kind: BaseConverter, account_key: str) -> object:
    """Fill a place in an address, by the kind of thing that belongs there."""
    if isinstance(kind, UUIDConverter):
        return uuid.UUID(int=7)
    if isinstance(kind, IntegerConverter):
        return 7
    return "nothing.css" if isinstance(kind, PathConverter) else account_key


def _is_open(app: Flask, name: str) -> bool:
    return (access_of(app.view_functions[name]) or "").startswith("nobody:")


def attacks() -> Iterator[Attack]:
    yield Attack("nothing at all")
    for name, signature in {
        "rubbish": "x",
        "blank": "   ",
        "truncated": base64.b64encode(b"a" * 32).decode()[:-4],
        "right length": base64.b64encode(b"a" * 32).decode(),
        "not ascii": "é" * 44,
        "latin bytes": "\xff\xfe" * 22,
        "10 KB": "A" * 10_240,
    }.items():
        headers = dict.fromkeys(SIGNATURES, signature)
        yield Attack(f"signature {name}", b'{"id": 1}', "application/json", headers)
        yield Attack(f"signature {name}, form", b"AccountSid=AC1&Body=hi", FORM, headers)
    bad = dict.fromkeys(SIGNATURES, "x" * 44)
    bad |= {"X-Shopify-Shop-Domain": "mine.myshopify.com", "X-Shopify-Topic": "orders/create"}
    for name, (body, content_type) in bodies().items():
        yield Attack(f"body {name}", body, content_type, bad)
        yield Attack(f"body {name} unsigned", body, content_type)
    yield Attack("huge query", b"a=b", FORM, bad, after="?" + "q=1&" * 2_000)
    yield Attack("broken query", b"a=b", FORM, bad, after="?m=%00%ff%zz&bodySHA256=%00")
    yield Attack("gzip", gzip.compress(b"a=b"), FORM, bad | {"Content-Encoding": "gzip"})
    yield Attack("gzip bomb", gzip.compress(b"a" * 10**7), FORM, bad | {"Content-Encoding": "gzip"})
    yield Attack("shared key", b"a=b", FORM, bad | {"X-Twilio-Webhooks-Signature-Settings": "x=1"})
    yield Attack(
        "another's address", b"a=b", FORM, bad | {"Host": "evil.example", "X-Forwarded-Host": "e"}
    )


def bodies() -> dict[str, tuple[bytes, str]]:
    deep = b"[" * 100_000
    return {
        "1 MB": (b"a=" + b"x" * 2**20, FORM),
        "1 MB of JSON": (b'{"a": "' + b"x" * 2**20 + b'"}', "application/json"),
        "5 MB": (b"a=" + b"x" * 5 * 2**20, FORM),
        "5 MB of JSON": (b'"' + b"x" * 5 * 2**20, "application/json"),
        "invalid UTF-8": (b"\xff\xfe\x00\x80a=\xc3(", FORM),
        "invalid UTF-8 JSON": (b'{"id": "\xff\xfe"}', "application/json"),
        "deep": (deep, "application/json"),
        "deep objects": (b'{"a":' * 100_000, "application/json"),
        "endless digits": (b'{"id": ' + b"9" * 100_000 + b"}", "application/json"),
        "duplicates": (b"AccountSid=a&AccountSid=b&To=c&To=d&MessageSid=e", FORM),
        "NUL": (b"AccountSid=%00&To=%00&MessageSid=%00a&Body=%00", FORM),
        "many fields": (b"&".join(b"k%d=v" % n for n in range(3_000)), FORM),
        "multipart": (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n", "multipart/x"),
        "broken multipart": (b"--x\r\nrubbish", "multipart/form-data; boundary=x"),
        "many parts": (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 1_500 + b"--x--",
            "multipart/form-data; boundary=x",
        ),
        "odd charset": (b"a=b", FORM + "; charset=utf-7"),
        "rubbish type": (b"a=b", "\xff/\x00; ="),
    }


def send(client: FlaskClient, endpoint: Endpoint, attack: Attack) -> TestResponse:
    return client.open(
        endpoint.path + attack.after,
        method=endpoint.method,
        data=attack.body,
        content_type=attack.content_type,
        headers=dict(attack.headers),
        buffered=True,
    )


def has_safe_headers(answer: TestResponse) -> None:
    """Hold an answer to what every answer needs, whatever page it is."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "frame-ancestors" in policy
    assert "unsafe" not in policy
    assert "Referrer-Policy" in answer.headers
    assert "Set-Cookie" not in answer.headers


# --- the real senders


def shopify_headers(
    body: bytes,
    *,
    domain: str,
    topic: str = "orders/create",
    secret: str = SECRET,
    webhook_id: str | None = None,
) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-Topic": topic,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": webhook_id or str(uuid.uuid4()),
        "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
        "Content-Type": "application/json",
    }


def order(number: int = 1, **more: object) -> bytes:
    return json.dumps({"id": number, "name": f"#{number}", **more}).encode()


def inbound(shop: MadeShop, *, sid: str = "SM" + "1" * 32, body: str = "hi") -> dict[str, str]:
    return {
        "MessageSid": sid,
        "AccountSid": shop.account_sid,
        "From": ADA,
        "To": shop.number,
        "Body": body,
        "NumMedia": "0",
    }


def status(shop: MadeShop, *, sid: str = "SM" + "2" * 32) -> dict[str, str]:
    return {
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "AccountSid": shop.account_sid,
        "From": shop.number,
        "To": ADA,
    }


def carrier_path(shop: MadeShop, kind: str) -> str:
    return f"/webhooks/twilio/{shop.account_key}/{kind}"


def sign(token: str, path: str, form: Mapping[str, str]) -> dict[str, str]:
    signature = RequestValidator(token).compute_signature(PUBLIC_URL + path, form)
    return {"X-Twilio-Signature": signature, "Content-Type": FORM}


def call(
    client: FlaskClient, path: str, form: Mapping[str, str], *, token: str, signed_for: str = ""
) -> TestResponse:
    headers = sign(token, signed_for or path, form)
    return client.post(path, data=urlencode(form), headers=headers)
