"""Personal data and secrets at rest, and phones that can be recognised but not read back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, MultiFernet


@dataclass(frozen=True, slots=True)
class PhoneHash:
    """A phone as a keyed hash. A plain one could be found by trying all numbers (R14.3)."""

    digest: bytes
    key_id: str


class Vault:
    """The keys of one deployment. The first of each kind is in use; later ones only read."""

    def __init__(self, *, encryption_keys: Sequence[str], phone_hash_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in encryption_keys])
        self._phone_keys = [
            (hashlib.sha256(key.encode()).hexdigest()[:12], key.encode()) for key in phone_hash_keys
        ]

    def encrypt(self, data: bytes) -> bytes:
        return self._fernet.encrypt(data)

    def decrypt(self, token: bytes) -> bytes:
        """Read back what was encrypted.

        Raises:
            cryptography.fernet.InvalidToken: the key is gone or the data was altered.
        """
        return self._fernet.decrypt(token)

    def encrypt_json(self, value: dict[str, Any]) -> bytes:
        return self.encrypt(json.dumps(value, ensure_ascii=False, sort_keys=True).encode())

    def decrypt_json(self, token: bytes) -> dict[str, Any]:
        value = json.loads(self.decrypt(token))
        assert isinstance(value, dict)
        return value

    def hash_phone(self, shop_domain: str, phone: str) -> PhoneHash:
        """Hash an E.164 phone for one shop, under the key in use.

        The shop's domain is part of it, so that two shops' lists cannot be joined, and the same
        shop finds its suppressions again after a reinstall (R14.5).
        """
        return self.hashes_of_phone(shop_domain, phone)[0]

    def hashes_of_phone(self, shop_domain: str, phone: str) -> list[PhoneHash]:
        """Hash under every key, the one in use first: older suppressions must still be found."""
        data = f"{shop_domain}\0{phone}".encode()
        return [
            PhoneHash(hmac.new(key, data, hashlib.sha256).digest(), key_id)
            for key_id, key in self._phone_keys
        ]
