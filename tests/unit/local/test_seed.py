from local.seed import connect_command
from sandbox.world import SHOPS, carrier_accounts


def test_no_secret_is_on_a_command_line() -> None:
    for account in carrier_accounts("the app's secret"):
        assert account.auth_token not in connect_command(account)
        assert account.shop_domain in {shop.domain for shop in SHOPS}
