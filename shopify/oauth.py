"""The authorization-code way of installing, for installs that Shopify does not manage itself.

Its state is bound to nothing in the browser, because embedded apps set no cookies. It need not be:
the callback makes no browser session, and Shopify's signature covers shop, code and state. So all
that a borrowed callback could do is what its owner's click does: connect that owner's own shop.
"""

from __future__ import annotations

import hmac
import re
import secrets as randomness
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken

from models import Database
from models.across_shops import shop_id_of_domain
from models.enums import ShopStatus
from shopify.grants import Grants
from shopify.scopes import SCOPES
from shopify.session import Session
from shopify.shops import install_shop, normalised_domain, session_of_domain
from shopify.tokens import TokenStore
from shopify.transport import shop_address

# Time to read what is asked for and agree. Shopify's own stamp may be as old.
STATE_LIVES = timedelta(minutes=10)
CALLBACK_PATH = "/auth/callback"
_CODE = re.compile(r"[A-Za-z0-9_-]{1,255}")

NO_SHOP = "Write your store's address as name.myshopify.com."
NOT_SHOPIFYS = "This did not come from Shopify. Please install Parley from the Shopify App Store."
TOO_LATE = "This took too long, or was done before. Please start the installation again."
NOT_COMPLETED = "Shopify did not complete the installation. Please start it again."


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an installation does not go on, as a sentence."""

    sentence: str


class AuthorizationCode:
    """Sends a merchant to Shopify's consent page, and takes what they bring back."""

    def __init__(
        self,
        database: Database,
        tokens: TokenStore,
        grants: Grants,
        *,
        client_id: str,
        secrets: Sequence[str],
        public_url: str,
        base_url: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._grants = grants
        self._client_id = client_id
        self._secrets = secrets
        self._public_url = public_url
        self._base_url = base_url
        self._clock = clock

    def start(self, shop: str | None) -> str | Refused:
        """Return the address of Shopify's consent page for a shop."""
        domain = normalised_domain(shop)
        if domain is None:
            return Refused(NO_SHOP)
        query = urlencode(
            {
                "client_id": self._client_id,
                "scope": ",".join(SCOPES),
                "redirect_uri": f"{self._public_url}{CALLBACK_PATH}",
                "state": self._new_state(domain),
            }
        )
        return f"{shop_address(domain, '/admin/oauth/authorize', base_url=self._base_url)}?{query}"

    def finish(self, pairs: Sequence[tuple[str, str]]) -> str | Refused:
        """Connect the shop that a callback is about, and return the app's address in its admin."""
        given = dict(pairs)
        if len(given) != len(pairs) or not self._is_shopifys(given):
            return Refused(NOT_SHOPIFYS)
        domain = normalised_domain(given.get("shop"))
        code = given.get("code", "")
        if domain is None or not _CODE.fullmatch(code):
            return Refused(NOT_SHOPIFYS)
        made_at = self._state_made_at(given.get("state", ""), domain)
        if made_at is None:
            return Refused(TOO_LATE)
        now = self._clock()
        with session_of_domain(self._database, domain, known_since=now, now=now) as session:
            shop_id = session.shop.id
        connected = self._tokens.take(
            shop_id,
            lambda: self._grants.authorization_code(domain, code),
            state_made_at=made_at,
        )
        if connected is None:
            return Refused(TOO_LATE)
        if not connected:
            return Refused(NOT_COMPLETED)
        install_shop(self._database, domain, now=now)
        return self.app_address(domain)

    def app_address(self, domain: str) -> str:
        """Return where Shopify admin shows the app."""
        return shop_address(domain, f"/admin/apps/{self._client_id}", base_url=self._base_url)

    def is_install(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Say whether Shopify sent a merchant here to begin an installation by code.

        It then opens the app outside the frame, signed, for a shop that has not installed it.
        """
        given = dict(pairs)
        if given.get("embedded") == "1" or "id_token" in given or len(given) != len(pairs):
            return False
        domain = normalised_domain(given.get("shop"))
        if domain is None or not self._is_shopifys(given):
            return False
        with self._database.shared_session() as session:
            shop_id = shop_id_of_domain(session, domain)
        if shop_id is None:
            return True
        with self._database.shop_session(shop_id) as session:
            return session.shop.status is not ShopStatus.INSTALLED

    def _is_shopifys(self, given: Mapping[str, str]) -> bool:
        """Check Shopify's signature over a query, and that it was made just now."""
        stamp = given.get("timestamp", "")
        if not re.fullmatch("[0-9]{1,12}", stamp):
            return False
        if abs(time.time() - int(stamp)) > STATE_LIVES.total_seconds():
            return False
        signature = given.get("hmac", "").encode()
        return any(
            hmac.compare_digest(_signature(given, secret).encode(), signature)
            for secret in self._secrets
        )

    def _new_state(self, domain: str) -> str:
        state = {
            "for": "install",
            "shop": domain,
            "made_at": datetime.now(UTC).isoformat(),
            "nonce": randomness.token_hex(8),
        }
        return self._database.vault.encrypt_json(state).decode()

    def _state_made_at(self, state: str, domain: str) -> datetime | None:
        try:
            told = self._database.vault.decrypt_json(state.encode())
        except (InvalidToken, ValueError, AssertionError):
            return None
        if told.get("for") != "install" or told.get("shop") != domain:
            return None
        made_at = datetime.fromisoformat(told["made_at"])
        return made_at if datetime.now(UTC) - made_at <= STATE_LIVES else None


def _signature(given: Mapping[str, str], secret: str) -> str:
    class Signer(Session):  # type: ignore[misc]  # the library has no types
        """ShopifyAPI reads the secret from its class: one of its own keeps two secrets apart."""

    Signer.secret = secret
    found: str = Signer.calculate_hmac(given)
    return found
