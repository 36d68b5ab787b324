"""The sandbox's people, shops and carrier accounts."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pytest

from sandbox.world import SHOPS, World, carrier_accounts


def test_whoever_knows_the_secret_derives_the_same_carrier_accounts() -> None:
    assert carrier_accounts("hush") == World.standard("hush").carrier_accounts
    assert carrier_accounts("hush") != carrier_accounts("other")


def test_carrier_accounts_look_like_the_carriers() -> None:
    toll_free, long_code = carrier_accounts("hush")
    assert toll_free.account_sid.startswith("AC")
    assert len(toll_free.account_sid) == 34
    assert (toll_free.number, toll_free.number_type) == ("+18885550140", "toll_free")
    assert (long_code.number, long_code.number_type) == ("+12065550155", "10dlc")
    assert toll_free.answers_stop_itself
    assert not long_code.answers_stop_itself
    secrets = {toll_free.account_sid[2:], toll_free.auth_token, toll_free.account_key}
    assert len(secrets) == 3


def test_every_phone_can_be_dialled() -> None:
    world = World.standard("hush")
    numbers = [phone.number for phone in world.phones] + [shop.sender_number for shop in SHOPS]
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_every_product_has_a_picture_and_a_sku_of_its_own() -> None:
    world = World.standard("hush")
    for each in world.shops:
        assert len({product.sku for product in each.products}) == len(each.products)
        for product in each.products:
            assert (Path("sandbox/static/products") / f"{product.handle}.svg").is_file()


def test_who_is_not_there_is_a_lookup_error() -> None:
    world = World.standard("hush")
    for look in (lambda: world.shop("nowhere"), lambda: world.phone("nobody")):
        with pytest.raises(LookupError, match="in the sandbox"):
            look()
