from local.seed import SENDER_TYPES, connect_command
from models.enums import SenderType
from sandbox.world import SHOPS, carrier_accounts


def test_no_secret_is_on_a_command_line() -> None:
    for account in carrier_accounts("the app's secret"):
        assert account.auth_token not in connect_command(account)
        assert account.shop_domain in {shop.domain for shop in SHOPS}


def test_the_sandbox_has_no_kind_of_number_that_parley_does_not_know() -> None:
    for shop in SHOPS:
        SenderType(SENDER_TYPES[shop.sender_type])
