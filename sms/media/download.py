"""Fetching what a phone sent, from the carrier alone, and never more than fits.

The address comes from a signed webhook, and still nothing is trusted: the account's secret goes to
the carrier's host only, and where that sends us on to must be a public address over https. The
name is resolved once and that address is connected to, so it cannot be another one by then.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi

from sms.carriers.protocol import Account

LARGEST = 5 * 1024 * 1024
CARRIER_HOST = "api.twilio.com"
_CHUNK = 64 * 1024
_MOST_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
# Ranges that lead on to other addresses: NAT64, 6to4, Teredo.
_LEAD_ELSEWHERE = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "2002::/16", "2001::/32")
)
_Address = tuple[int, str]


class RefusedDownloadError(Exception):
    """It will not be fetched, now or later; the argument is the problem's code."""


class DownloadFailedError(Exception):
    """It could not be fetched; later it may."""


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request: where to, over which addresses, and whether it carries the secret."""

    url: SplitResult
    addresses: tuple[_Address, ...]
    with_secret: bool

    @property
    def path(self) -> str:
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")


class Downloads:
    """Fetches media of one carrier. Safe to use from many threads.

    `seconds` bounds the whole of one fetch, however slowly bytes drip in.
    """

    def __init__(self, *, carrier_base_url: str | None = None, seconds: float = 10) -> None:
        self._base = None if carrier_base_url is None else urlsplit(carrier_base_url)
        self._seconds = seconds
        self._tls = ssl.create_default_context(cafile=certifi.where())

    def fetch(self, url: str, account: Account) -> bytes:
        """Fetch one file with the account's secret.

        Raises:
            RefusedDownloadError: the address is not the carrier's, or the file is too large.
            DownloadFailedError: the carrier did not hand it over.
        """
        found: list[socket.socket] = []
        late = threading.Event()

        def end() -> None:
            late.set()
            for each in found:
                _hang_up(each)

        timer = threading.Timer(self._seconds, end)
        timer.start()
        try:
            hop = self._first(url, account)
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._request(hop, account, found)
                if isinstance(answer, bytes):
                    if late.is_set():
                        raise DownloadFailedError("too_slow")
                    return answer
                hop = self._next(hop, answer)
            raise DownloadFailedError("too_many_redirects")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadFailedError(type(error).__name__) from error
        finally:
            timer.cancel()
            for each in found:
                each.close()

    def _first(self, url: str, account: Account) -> _Hop:
        parts = _split(url)
        base = self._base
        if not parts.path.startswith(f"/2010-04-01/Accounts/{account.sid}/"):
            raise RefusedDownloadError("foreign_address")
        at_carrier = parts.scheme == "https" and parts.netloc == CARRIER_HOST
        if base is None:
            if not at_carrier:
                raise RefusedDownloadError("foreign_address")
            return _Hop(parts, _public(CARRIER_HOST, 443), with_secret=True)
        if not at_carrier and (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
            raise RefusedDownloadError("foreign_address")
        placed = parts._replace(scheme=base.scheme, netloc=base.netloc)
        port = base.port or (443 if base.scheme == "https" else 80)
        return _Hop(placed, tuple(_resolve(base.hostname or "", port)), with_secret=True)

    @staticmethod
    def _next(hop: _Hop, location: str) -> _Hop:
        """Follow a redirect without the secret, to what anyone on the internet may reach."""
        parts = _split(urljoin(hop.url.geturl(), location))
        if parts.scheme != "https" or parts.port not in {None, 443} or parts.username is not None:
            raise RefusedDownloadError("foreign_address")
        return _Hop(parts, _public(parts.hostname or "", 443), with_secret=False)

    def _request(self, hop: _Hop, account: Account, found: list[socket.socket]) -> bytes | str:
        """Make one request; return the file, or where it is said to be."""
        connection = http.client.HTTPConnection(hop.url.hostname or "", hop.url.port)
        connection.sock = self._connect(hop, found)
        headers = {"Host": hop.url.netloc, "Accept": "*/*", "Accept-Encoding": "identity"}
        if hop.with_secret:
            pair = f"{account.sid}:{account.auth_token}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        connection.request("GET", hop.path, headers=headers)
        answer = connection.getresponse()
        if answer.status in _REDIRECTS:
            return answer.headers.get("Location") or ""
        if answer.status != http.client.OK:
            raise DownloadFailedError(f"HTTP {answer.status}")
        return _body(answer)

    def _connect(self, hop: _Hop, found: list[socket.socket]) -> socket.socket:
        if not hop.addresses:
            raise DownloadFailedError("no_address")
        connection = socket.socket(hop.addresses[0][0], socket.SOCK_STREAM)
        found.append(connection)
        connection.settimeout(self._seconds / 2)
        default = 443 if hop.url.scheme == "https" else 80
        connection.connect((hop.addresses[0][1], hop.url.port or default))
        if hop.url.scheme == "https":
            connection = self._tls.wrap_socket(connection, server_hostname=hop.url.hostname)
            found.append(connection)
        return connection


def _body(answer: http.client.HTTPResponse) -> bytes:
    if int(answer.headers.get("Content-Length") or 0) > LARGEST:
        raise RefusedDownloadError("too_large")
    data = bytearray()
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > LARGEST:
            raise RefusedDownloadError("too_large")
    expected = answer.headers.get("Content-Length")
    if expected is not None and len(data) != int(expected):
        raise DownloadFailedError("incomplete")
    return bytes(data)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise RefusedDownloadError("foreign_address") from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RefusedDownloadError("foreign_address")
    return parts


def _resolve(host: str, port: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # IPv4 first: where a machine has no IPv6, its addresses lead nowhere.
    return sorted((family, str(address[0])) for family, _, _, _, address in found)


def _public(host: str, port: int) -> tuple[_Address, ...]:
    """Resolve a name; one private address among its own is enough to refuse it."""
    addresses = _resolve(host, port)
    if not all(is_public(address) for _, address in addresses):
        raise RefusedDownloadError("foreign_address")
    return tuple(addresses)


def is_public(address: str) -> bool:
    """Say whether anyone on the internet could reach this IP address."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        elif any(known in network for network in _LEAD_ELSEWHERE):
            return False
    return known.is_global and not known.is_multicast


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
