"""Whatever a file or an address is, nothing runs, nothing else is reached, nothing fills up."""

from __future__ import annotations

import time

import pytest

from sms.carriers.protocol import Account
from sms.media.download import (
    LARGEST,
    DownloadFailedError,
    Downloads,
    RefusedDownloadError,
    is_public,
)
from sms.media.types import sniff
from tests.integration.media.making import (
    HTML,
    JPEG,
    PDF,
    PNG,
    SVG,
    Files,
    MediaDesk,
    dripping,
    endless,
)

ACCOUNT = Account(sid="AC" + "1" * 32, key="key", auth_token="token")
PATH = f"/2010-04-01/Accounts/{ACCOUNT.sid}/Messages/MM1/Media/ME1"


@pytest.mark.parametrize(
    ("data", "declared", "problem"),
    [
        (HTML, "image/jpeg", "unknown_type"),
        (SVG, "image/svg+xml", "unknown_type"),
        (SVG, "image/png", "unknown_type"),
        (b"<?xml version='1.0'?>" + SVG, "image/png", "unknown_type"),
        (b" \n" + HTML, "text/html", "unknown_type"),
        (b"MZ\x90\x00", "image/png", "unknown_type"),
        (b"PK\x03\x04", "application/zip", "unknown_type"),
        (PDF, "image/png", "wrong_type"),
        (PNG, "text/html", "wrong_type"),
        (PNG, "application/pdf", "wrong_type"),
        (b"", "image/png", "empty"),
        (PNG + b"\0" * 6 * 1024 * 1024, "image/png", "too_large"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    desk: MediaDesk, files: Files, data: bytes, declared: str, problem: str
) -> None:
    files.data = data
    desk.texts(declared)
    desk.fetches()
    [media] = desk.media()
    assert (media.state, media.problem, media.size) == ("refused", problem, None)
    assert desk.content(media) is None


def test_an_endless_file_ends_at_five_megabytes(desk: MediaDesk, files: Files) -> None:
    files.answer = endless
    desk.texts("image/png")
    desk.fetches()
    assert [media.problem for media in desk.media()] == ["too_large"]


def test_a_dripping_file_is_hung_up_on(files: Files) -> None:
    files.answer = dripping
    began = time.monotonic()
    with pytest.raises(DownloadFailedError):
        Downloads(carrier_base_url=files.url, seconds=0.6).fetch(f"{files.url}{PATH}", ACCOUNT)
    assert time.monotonic() - began < 3


def test_headers_without_end_are_hung_up_on(files: Files) -> None:
    def drip(handler: object) -> None:
        write = handler.wfile.write  # type: ignore[attr-defined]  # a handler made at run time
        write(b"HTTP/1.1 200 OK\r\n")
        try:
            for place in range(1000):
                write(f"X-{place}: y\r\n".encode())
                time.sleep(0.05)
        except OSError:
            return

    files.answer = drip
    began = time.monotonic()
    with pytest.raises(DownloadFailedError):
        Downloads(carrier_base_url=files.url, seconds=0.6).fetch(f"{files.url}{PATH}", ACCOUNT)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/picture.png",
        "https://127.1/picture.png",
        "https://2130706433/picture.png",
        "https://localhost/picture.png",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/picture.png",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "http://93.184.215.14/picture.png",
        "https://user:pass@93.184.215.14/",
        "https://93.184.215.14:8443/",
        "file:///etc/passwd",
        "//127.0.0.1/x",
        "/somewhere/else",
        "gopher://127.0.0.1/",
    ],
)
def test_a_redirect_leads_nowhere_but_to_public_addresses(files: Files, location: str) -> None:
    files.status, files.location = 302, location
    with pytest.raises(RefusedDownloadError, match="foreign_address"):
        Downloads(carrier_base_url=files.url).fetch(f"{files.url}{PATH}", ACCOUNT)
    assert len(files.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"http://api.twilio.com{PATH}",
        f"https://api.twilio.com.evil.example{PATH}",
        f"https://evil.example{PATH}",
        f"https://api.twilio.com@evil.example{PATH}",
        f"https://user:x@api.twilio.com{PATH}",
        f"https://api.twilio.com:8443{PATH}",
        "https://api.twilio.com/2010-04-01/Accounts/AC" + "2" * 32 + "/Media/ME1",
        "https://api.twilio.com/",
        f"http://127.0.0.1{PATH}",
        "file:///etc/passwd",
        "https://api.twilio.com:port/",
        f"https://api.twilio.com{PATH} HTTP/1.1\r\nX: y",
        "",
    ],
)
def test_the_secret_goes_to_the_carrier_alone(url: str) -> None:
    with pytest.raises(RefusedDownloadError, match="foreign_address"):
        Downloads().fetch(url, ACCOUNT)


def test_the_carriers_own_addresses_are_asked_of_its_stand_in(files: Files) -> None:
    found = Downloads(carrier_base_url=files.url).fetch(f"https://api.twilio.com{PATH}", ACCOUNT)
    assert found == PNG
    assert [path for path, _ in files.asked] == [PATH]


def test_a_webhook_that_names_another_host_is_refused_without_asking(
    desk: MediaDesk, files: Files
) -> None:
    other = "https://169.254.169.254/latest/meta-data/"
    stranger = desk.address(sid="AC" + "9" * 32)
    desk.texts("image/png", "image/png", urls=[other, stranger])
    desk.fetches()
    assert [media.problem for media in desk.media()] == ["foreign_address"] * 2
    assert files.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
        ("2002:7f00:1::", False),
        ("192.0.2.1", False),
        ("not an address", False),
    ],
)
def test_public_is_what_anyone_may_reach(address: str, public: bool) -> None:  # noqa: FBT001
    assert is_public(address) is public


def test_a_polyglot_is_its_beginning_and_nothing_else() -> None:
    """It is served as that type with nosniff, in a sandbox, so that its other half is inert."""
    assert sniff(JPEG + HTML) == "image/jpeg"
    assert sniff(b"GIF89a/*" + HTML) == "image/gif"
    assert sniff(HTML + JPEG) is None


def test_five_megabytes_are_still_taken(files: Files) -> None:
    files.data = PNG + b"\0" * (LARGEST - len(PNG))
    assert len(Downloads(carrier_base_url=files.url).fetch(f"{files.url}{PATH}", ACCOUNT)) == (
        LARGEST
    )
