"""The carrier as a real process, and an app beside it that records the webhooks it gets."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import requests

T = TypeVar("T")
ROOT = Path(__file__).parents[3]
TOLL_FREE: dict[str, Any] = {
    "account_sid": "AC" + "a" * 32,
    "auth_token": "token-of-a",
    "number": "+18885550140",
    "number_type": "toll_free",
    "brand": "Maple & Rye",
    "answers_stop_itself": True,
}
SILENT: dict[str, Any] = {
    "account_sid": "AC" + "b" * 32,
    "auth_token": "token-of-b",
    "number": "+12065550155",
    "brand": "Harbor Tea",
    "answers_stop_itself": False,
    "messaging_service_sid": "MG" + "b" * 32,
}
FILTERED: dict[str, Any] = {
    "account_sid": "AC" + "c" * 32,
    "auth_token": "token-of-c",
    "number": "+13125550166",
    "answers_stop_itself": True,
    "advanced_opt_out": True,
}
ADA = "+14155550101"


def eventually(look: Callable[[], T], *, within: float = 5.0) -> T:
    """What `look` returns once it is truthy; its last value when time is up."""
    end = time.monotonic() + within
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@dataclass
class Running:
    """A carrier process and how to talk to it."""

    url: str
    process: subprocess.Popen[bytes]
    data: Path
    http: requests.Session = field(default_factory=requests.Session)

    def path(self, account: dict[str, Any], rest: str) -> str:
        return f"{self.url}/2010-04-01/Accounts/{account['account_sid']}{rest}"

    def send(
        self, account: dict[str, Any] = SILENT, *, timeout: float = 10, **form: Any
    ) -> requests.Response:
        """Create a text. Defaults make a good one; a None leaves a parameter out."""
        good = {"To": ADA, "From": account["number"], "Body": "Hello"}
        wanted = {name: value for name, value in {**good, **form}.items() if value is not None}
        auth = (account["account_sid"], account["auth_token"])
        return self.http.post(
            self.path(account, "/Messages.json"), wanted, auth=auth, timeout=timeout
        )

    def get(self, account: dict[str, Any], rest: str, **params: Any) -> requests.Response:
        auth = (account["account_sid"], account["auth_token"])
        return self.http.get(self.path(account, rest), params=params, auth=auth, timeout=10)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.url}/_control{path}"
        if body is None:
            return self.http.get(url, timeout=10).json()
        return self.http.post(url, json=body, timeout=10).json()

    def accepted(self, to: str = ADA) -> list[dict[str, Any]]:
        """Every text accepted for `to`, as a chaos run sees them."""
        found: list[dict[str, Any]] = self.control(f"/messages?to={to.replace('+', '%2B')}")[
            "messages"
        ]
        return found

    def texts(self, body: str, *, to: str, sender: str = ADA) -> dict[str, Any]:
        sent: dict[str, Any] = self.control("/text_in", {"from": sender, "to": to, "body": body})
        return sent

    def status_of(self, sid: str, account: dict[str, Any] = SILENT) -> str:
        return str(self.get(account, f"/Messages/{sid}.json").json()["status"])

    def point_inbound_at(self, account: dict[str, Any], url: str, **settings: str) -> None:
        auth = (account["account_sid"], account["auth_token"])
        numbers = self.get(account, "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"]
        path = self.path(account, f"/IncomingPhoneNumbers/{numbers[0]['sid']}.json")
        form = {"SmsUrl": url, "SmsFallbackUrl": "", "SmsMethod": "POST", **settings}
        self.http.post(path, form, auth=auth, timeout=10).raise_for_status()


def start_carrier(folder: Path, *, port: int | None = None) -> Running:
    accounts = folder / "accounts.json"
    accounts.write_text(json.dumps([TOLL_FREE, SILENT, FILTERED]))
    port = port or free_port()
    command = [sys.executable, "-m", "sandbox.carrier", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--accounts", str(accounts)]
    running = Running(f"http://127.0.0.1:{port}", subprocess.Popen(command, cwd=ROOT), folder)
    assert eventually(lambda: _answers(running), within=15), "the carrier did not start"
    return running


def stop_carrier(running: Running) -> None:
    running.http.close()
    running.process.terminate()
    running.process.wait(timeout=10)


def _answers(running: Running) -> bool:
    try:
        return requests.get(f"{running.url}/_control/state", timeout=1).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Call:
    """A webhook as the app received it."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    method: str = "POST"


class Hook:
    """An app with webhook addresses. It answers `status`, `body`, `kind` after `delay` seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.status, self.body, self.kind, self.delay = 200, "<Response/>", "text/xml", 0.0

    def statuses(self) -> list[str]:
        return [call.form["MessageStatus"] for call in self.calls]

    def wait_for(self, count: int, *, within: float = 5.0) -> list[Call]:
        eventually(lambda: len(self.calls) >= count, within=within)
        return self.calls


def handler_for(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._record(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def do_GET(self) -> None:
            self._record(self.path.partition("?")[2])

        def _record(self, form: str) -> None:
            pairs = dict(parse_qsl(form, keep_blank_values=True))
            hook.calls.append(Call(self.path, pairs, dict(self.headers), self.command))
            time.sleep(hook.delay)
            body = hook.body.encode()
            self.send_response(hook.status)
            self.send_header("Content-Type", hook.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base names it
            """A test's own noise."""

    return Handler
