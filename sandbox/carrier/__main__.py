"""`python -m sandbox.carrier --port N --data DIR --accounts FILE [--faults FILE]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    options = _options()
    os.environ |= {
        "CARRIER_DATA": str(options.data.resolve()),
        "CARRIER_ACCOUNTS": str(options.accounts.resolve()),
        "CARRIER_FAULTS": str(options.faults.resolve()) if options.faults else "",
    }
    server = [sys.executable, "-m", "gunicorn", "--config", "python:sandbox.carrier.server"]
    server += ["--bind", f"{options.host}:{options.port}", "sandbox.carrier.serve:create_app()"]
    os.execv(sys.executable, server)  # noqa: S606 - becomes the server, with our own arguments


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.carrier", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="folder for its database")
    parser.add_argument("--accounts", type=Path, required=True, help="JSON list of accounts")
    parser.add_argument("--faults", type=Path, help='JSON: {"seed": 1, "rules": [...]}')
    return parser.parse_args()


if __name__ == "__main__":
    main()
