"""The carrier against Twilio's own OpenAPI document: every request and every answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from sandbox.carrier.accounts import Account
from tests.integration.sandbox_carrier.running import ADA, SILENT, Running, eventually

SPEC = Path(__file__).parents[4] / "shared" / "specs" / "twilio_api_v2010.prism.json.gz"

pytestmark = pytest.mark.skipif(
    not SPEC.exists(), reason="Twilio's OpenAPI document is kept beside the repository, not in it"
)


class Checked:
    """Sends requests to the carrier and holds both sides of each against the document."""

    def __init__(self, carrier: Running, document: OpenAPI) -> None:
        self.carrier = carrier
        self.document = document
        self.session = requests.Session()
        self.session.auth = (SILENT["account_sid"], SILENT["auth_token"])

    def __call__(self, method: str, rest: str, **given: Any) -> requests.Response:
        return self._checked(method, f"/2010-04-01/Accounts/{SILENT['account_sid']}{rest}", given)

    def _checked(self, method: str, path: str, given: dict[str, Any]) -> requests.Response:
        # The document names Twilio's own host; only the request really sent goes to ours.
        named = requests.Request(method, f"https://api.twilio.com{path}", **given)
        sent = requests.Request(method, f"{self.carrier.url}{path}", **given)
        request = RequestsOpenAPIRequest(self.session.prepare_request(named))
        answer = self.session.send(self.session.prepare_request(sent), timeout=5)
        if answer.status_code < 400:
            self.document.validate_request(request)
        self.document.validate_response(request, RequestsOpenAPIResponse(answer))
        return answer


@pytest.fixture(scope="module")
def document() -> OpenAPI:
    with gzip.open(SPEC) as file:
        return OpenAPI.from_dict(json.load(file))


@pytest.fixture
def checked(carrier: Running, document: OpenAPI) -> Iterator[Checked]:
    checked = Checked(carrier, document)
    yield checked
    checked.session.close()


def good_text(**changes: str) -> dict[str, str]:
    return {"To": ADA, "From": SILENT["number"], "Body": "Hello", **changes}


@pytest.mark.parametrize(
    "form",
    [
        good_text(),
        good_text(Body="ünïcödé 👋🏽 \n ok"),
        good_text(StatusCallback="http://localhost:1/status?m=1", ValidityPeriod="3600"),
        good_text(MediaUrl="https://example.com/a.png"),
        {
            "To": ADA,
            "MessagingServiceSid": SILENT["messaging_service_sid"],
            "Body": "Hello",
        },
    ],
)
def test_an_accepted_text_is_as_the_document_says(checked: Checked, form: dict[str, str]) -> None:
    assert checked("POST", "/Messages.json", data=form).status_code == 201


@pytest.mark.parametrize(
    "form",
    [
        {},
        good_text(To="nonsense"),
        good_text(Body="x" * 1601),
        good_text(From="+15555550000"),
        good_text(ValidityPeriod="99999"),
        good_text(Typo="x"),
        good_text(To="+13035550110"),
    ],
)
def test_a_refusal_is_as_the_document_says(checked: Checked, form: dict[str, str]) -> None:
    assert checked("POST", "/Messages.json", data=form).status_code == 400


@pytest.mark.parametrize(
    ("fault", "status"), [("too_many_requests", 429), ("error_before_accept", 500)]
)
def test_a_fault_is_as_the_document_says(checked: Checked, fault: str, status: int) -> None:
    checked.carrier.control("/faults", {"rules": [{"fault": fault}]})
    assert checked("POST", "/Messages.json", data=good_text()).status_code == status


def test_wrong_credentials_are_as_the_document_says(checked: Checked) -> None:
    checked.session.auth = (SILENT["account_sid"], "wrong")
    assert checked("POST", "/Messages.json", data=good_text()).status_code == 401


def test_a_text_is_as_the_document_says_all_its_life(checked: Checked) -> None:
    sid = checked("POST", "/Messages.json", data=good_text()).json()["sid"]
    path = f"/Messages/{sid}.json"
    assert eventually(lambda: checked("GET", path).json()["status"] == "delivered")
    assert checked("POST", path, data={"Body": ""}).json()["body"] == ""
    assert checked("DELETE", path).status_code == 204


def test_lists_are_as_the_document_says(checked: Checked) -> None:
    for _ in range(3):
        checked("POST", "/Messages.json", data=good_text())
    checked.carrier.texts("hi", to=SILENT["number"])
    checked.carrier.send(To="+13035550157")
    page = checked("GET", "/Messages.json", params={"PageSize": 2, "To": ADA}).json()
    assert page["next_page_uri"].startswith("/2010-04-01/Accounts/")
    assert len(checked("GET", "/Messages.json").json()["messages"]) == 5


def test_numbers_account_and_balance_are_as_the_document_says(checked: Checked) -> None:
    number = Account(**SILENT).number_sid
    url = {"SmsUrl": "https://app.example.com/inbound#rc=5&rp=all", "SmsMethod": "POST"}
    assert checked("POST", f"/IncomingPhoneNumbers/{number}.json", data=url).ok
    assert checked("GET", f"/IncomingPhoneNumbers/{number}.json").ok
    assert checked("GET", "/IncomingPhoneNumbers.json").ok
    assert checked("GET", ".json").ok
    assert checked("GET", "/Balance.json").ok
