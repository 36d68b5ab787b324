"""Links to media that need no login, say what they open, and soon end."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer

# For the people of the shop, whose page asks for new ones in time.
SHOWN_FOR = timedelta(minutes=5)
# Links made within this time are the same, so that a page read again shows what it has.
_SAME_FOR = timedelta(minutes=2)
# For the carrier, which fetches when the text's turn comes: its own queue, then its retries.
CARRIER_MAY_FETCH_FOR = timedelta(hours=4)
_SALTS = {"shown": "media-shown", "carrier": "media-carrier"}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens, and for how long still."""

    shop_id: uuid.UUID
    media_id: uuid.UUID
    left: timedelta

    @property
    def has_ended(self) -> bool:
        return self.left <= timedelta(0)


class MediaLinks:
    """Makes and reads the links. `keys` are the deployment's secrets, the one in use first."""

    def __init__(
        self, keys: Sequence[str], *, public_url: str, clock: Callable[[], datetime]
    ) -> None:
        # Keys of their own, so that a link says nothing about what else the secret protects.
        own = [hashlib.sha256(b"parley media links\0" + key.encode()).digest() for key in keys]
        # The library signs with the last one.
        self._signers = {
            use: Signer(own[::-1], salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
            for use, salt in _SALTS.items()
        }
        self._public_url = public_url
        self._clock = clock

    def shown(self, shop_id: uuid.UUID, media_id: uuid.UUID) -> str:
        """Return the path at which this is shown for the next three to five minutes."""
        step = _SAME_FOR.total_seconds()
        begun = self._clock().timestamp() // step * step
        token = self._sign("shown", shop_id, media_id, int(begun + SHOWN_FOR.total_seconds()))
        return f"/media/{token}"

    def for_carrier(self, shop_id: uuid.UUID, media_id: uuid.UUID) -> str:
        """Return the whole address at which a carrier may fetch this for four hours."""
        until = self._clock() + CARRIER_MAY_FETCH_FOR
        token = self._sign("carrier", shop_id, media_id, int(until.timestamp()))
        return f"{self._public_url}/media/{token}"

    def read(self, token: str) -> Opened | None:
        """Return what a token opens, ended or not; None for one that is not ours."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        for signer in self._signers.values():
            try:
                packed = base64.urlsafe_b64decode(signer.unsign(token))
            except (BadSignature, ValueError):
                continue
            until = int.from_bytes(packed[32:])
            left = timedelta(seconds=until - self._clock().timestamp())
            return Opened(uuid.UUID(bytes=packed[:16]), uuid.UUID(bytes=packed[16:32]), left)
        return None

    def _sign(self, use: str, shop_id: uuid.UUID, media_id: uuid.UUID, until: int) -> str:
        packed = shop_id.bytes + media_id.bytes + until.to_bytes(4)
        return self._signers[use].sign(base64.urlsafe_b64encode(packed)).decode()
