"""Connects the sandbox's two shops through the product's own commands; harmless when repeated."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from local.configuration import ROOT
from sandbox.world import CarrierAccount, carrier_accounts

# What the carrier calls a kind of number, and what Parley calls it.
SENDER_TYPES = {"10dlc": "long_code", "toll_free": "toll_free"}


def main() -> int:
    known = flask("shops", "list").stdout
    accounts = carrier_accounts(os.environ["SHOPIFY_API_SECRET"])
    with ThreadPoolExecutor() as both_shops:  # a command takes a second or two, mostly importing
        failures = list(both_shops.map(lambda account: seed(account, known=known), accounts))
    for failure in filter(None, failures):
        print(failure)
    return 1 if any(failures) else 0


def seed(account: CarrierAccount, *, known: str) -> str:
    """Install the shop and connect its number; the output of the command that failed, or ''."""
    domain = account.shop_domain
    commands = [["shops", "install", domain], ["shops", *connect_command(account)]]
    if domain not in known:
        # Once only: whoever switches them off in the sandbox finds them off the next time.
        commands.append(["shipping-texts", "--shop", domain, "all", "on"])
    for command in commands:
        done = flask(*command, token=account.auth_token)
        if done.returncode != 0:
            return f"{' '.join(command[:2])} failed for {domain}:\n{done.stdout}"
    return ""


def flask(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        # In the environment, for a command line can be read by everyone with `ps`.
        env=os.environ | {"TWILIO_AUTH_TOKEN": token},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def connect_command(account: CarrierAccount) -> list[str]:
    return [
        "connect-carrier",
        "--shop",
        account.shop_domain,
        "--account-sid",
        account.account_sid,
        "--number",
        account.number,
        "--type",
        SENDER_TYPES[account.number_type],
        "--account-key",
        account.account_key,
    ]


if __name__ == "__main__":
    sys.exit(main())
