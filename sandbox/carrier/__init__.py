"""A small Twilio that behaves, for a sandbox without credentials, for tests and for chaos runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from sandbox.carrier.accounts import Account, AccountLike
from sandbox.carrier.carrier import Carrier
from sandbox.carrier.control import create_control
from sandbox.carrier.phones import PhoneOwner, create_phones
from sandbox.carrier.rest import create_rest
from sandbox.world import PHONES

__all__ = ["Account", "AccountLike", "Carrier", "PhoneOwner", "register"]


def register(
    app: Flask,
    *,
    data: Path,
    accounts: Sequence[AccountLike | Account],
    parley_url: str | None = None,
    phones: Sequence[PhoneOwner] | None = None,
) -> Carrier:
    """Put the carrier's REST API, its control addresses and the phones' pages on `app`.

    `data` is a folder it may write to. `parley_url` (default: the environment's PARLEY_URL) is
    where inbound texts go until a number is configured over REST. `phones` (default: the people of
    `sandbox/world.py`) are shown at /phones; an empty sequence leaves those pages out.
    """
    parley = os.environ.get("PARLEY_URL", "") if parley_url is None else parley_url
    own = [
        account
        if isinstance(account, Account)
        else Account.described_by(account, parley_url=parley)
        for account in accounts
    ]
    carrier = Carrier(data=data, accounts=own)
    app.register_blueprint(create_rest(carrier))
    app.register_blueprint(create_control(carrier))
    owners = PHONES if phones is None else phones
    if owners:
        app.register_blueprint(create_phones(carrier, owners))
    return carrier
