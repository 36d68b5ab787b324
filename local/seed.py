"""Connects the sandbox's two shops through the product's own commands; again and again harmless."""

import os
import subprocess
import sys

from local.configuration import ROOT
from sandbox.world import SHOPS, CarrierAccount, carrier_accounts


def main() -> int:
    accounts = carrier_accounts(os.environ["SHOPIFY_API_SECRET"])
    for shop, account in zip(SHOPS, accounts, strict=True):
        for arguments in (install_command(shop.domain), connect_command(account)):
            done = subprocess.run(
                [sys.executable, "-m", "flask", "--app", "app", "shops", *arguments],
                # In the environment, for a command line can be read by everyone with `ps`.
                env=os.environ | {"TWILIO_AUTH_TOKEN": account.auth_token},
                cwd=ROOT,
                check=False,
            )
            if done.returncode != 0:
                print(f"The command `shops {arguments[0]}` failed for {shop.name}.")
                return done.returncode
    return 0


def install_command(domain: str) -> list[str]:
    return ["install", "--shop", domain]


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
        account.number_type,
        "--account-key",
        account.account_key,
    ]


if __name__ == "__main__":
    sys.exit(main())
