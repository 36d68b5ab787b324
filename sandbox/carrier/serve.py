"""The carrier alone, as a WSGI application; `python -m sandbox.carrier` serves it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Flask, Response

from sandbox.carrier import register
from sandbox.carrier.accounts import read_accounts
from sandbox.carrier.errors import Refused


def create_app() -> Flask:
    """Built from the environment that `python -m sandbox.carrier` sets for its server process."""
    app = Flask("sandbox.carrier")
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    carrier = register(
        app,
        data=Path(os.environ["CARRIER_DATA"]),
        accounts=read_accounts(Path(os.environ["CARRIER_ACCOUNTS"])),
        phones=(),
    )
    faults = os.environ.get("CARRIER_FAULTS")
    if faults:
        carrier.faults.replace(json.loads(Path(faults).read_text(encoding="utf-8")))
    app.register_error_handler(404, _not_found)
    app.register_error_handler(405, _not_allowed)
    return app


def _not_found(_: Exception) -> Response:
    return Refused(20404).answer()


def _not_allowed(_: Exception) -> Response:
    return Refused(20405).answer()
