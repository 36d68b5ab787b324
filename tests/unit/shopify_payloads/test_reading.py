from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopify.payloads import Arrival, PhoneField, read_order
from shopify.reading import as_id, as_moment, money_in, parsed_json, text_in
from sms.work import UnusablePayloadError

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
ARRIVAL = Arrival(triggered_at=NOW - timedelta(minutes=1), now=NOW)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (820982911946154507, 820982911946154507),
        ("820982911946154507", 820982911946154507),
        ("gid://shopify/Order/820982911946154507", 820982911946154507),
        ("gid://shopify/Order/7?shop=1", 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (0, None),
        (-1, None),
        (True, None),
        (8.20982911946154507e17, None),
        (7.0, None),
        ("", None),
        ("٧", None),
        ("1" * 5000, None),
        (None, None),
        ([1], None),
        ({"id": 1}, None),
    ],
)
def test_ids_keep_all_64_bits_and_a_rounded_one_is_no_id(written: object, read: int | None) -> None:
    assert as_id(written) == read


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("18.50", "USD", 1850),
        ("18.5", "USD", 1850),
        ("0.00", "USD", 0),
        ("-3.10", "EUR", -310),
        ("1850", "JPY", 1850),
        ("1850.00", "JPY", 1850),
        ("1.234", "KWD", 1234),
        ("0.1", "CLF", 1000),
        ("18.505", "USD", 1850),
        (18.5, "USD", 1850),
        (18, "USD", 1800),
        ("9" * 30, "USD", None),
        ("1e3", "USD", 100_000),
        ("1e999999999", "USD", None),
        ("1e-999999999", "USD", 0),
        ("NaN", "USD", None),
        ("Infinity", "USD", None),
        (float("inf"), "USD", None),
        (10**4000, "USD", None),
        ("$18.50", "USD", None),
        (None, "USD", None),
        (True, "USD", None),
        ("18.50", None, None),
    ],
)
def test_money_is_read_in_the_currencys_own_minor_units(
    amount: object, currency: str | None, minor: int | None
) -> None:
    assert money_in({"total_price": amount}, "total_price", currency=currency) == minor


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021-12-31T19:00:00-05:00", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-01-01T00:00:00Z", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-01-01T00:00:00.123456789Z", datetime(2022, 1, 1, 0, 0, 0, 123456, UTC)),
        ("2022-01-01T00:00:00", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-01-01 00:00:00 UTC", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2021-12-31 19:00:00 -0500", datetime(2022, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("2022-02-30T00:00:00Z", None),
        ("soon", None),
        ("", None),
        (1640995200, None),
        (None, None),
    ],
)
def test_moments_are_read_in_the_ways_they_are_written(
    written: object, read: datetime | None
) -> None:
    assert as_moment(written) == read


def test_a_state_without_a_stamp_is_as_old_as_its_webhook() -> None:
    assert read_order({"id": 1}, ARRIVAL).updated_at == ARRIVAL.triggered_at


def test_a_state_from_the_future_cannot_keep_later_ones_out() -> None:
    order = read_order({"id": 1, "updated_at": "2099-01-01T00:00:00Z"}, ARRIVAL)
    assert order.updated_at == ARRIVAL.triggered_at


def test_text_loses_what_no_database_can_hold() -> None:
    assert text_in({"name": " a\x00b\ud800c "}, "name", length=10) == "abc"
    assert text_in({"name": "   "}, "name", length=10) is None
    assert text_in({"name": 1001}, "name", length=10) == "1001"


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 100_000, b"1" * 5000, b'{"a":1}x', b"\xef\xbb\xbf{}"]
)
def test_what_is_no_json_is_unusable(body: bytes) -> None:
    with pytest.raises(UnusablePayloadError):
        parsed_json(body)


@given(st.binary(max_size=40))
def test_no_bytes_do_more_than_be_unusable(body: bytes) -> None:
    with contextlib.suppress(UnusablePayloadError):
        parsed_json(body)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (None, "The order is not a JSON object."),
        ([], "The order is not a JSON object."),
        ({}, "The field id is missing or unreadable."),
        ({"id": 8.2e17}, "The field id is missing or unreadable."),
    ],
)
def test_what_cannot_be_used_says_which_field_it_lacks(payload: object, sentence: str) -> None:
    with pytest.raises(UnusablePayloadError) as raised:
        read_order(payload, ARRIVAL)
    assert str(raised.value) == sentence


def test_phones_stand_in_the_order_of_precedence_with_their_country() -> None:
    order: dict[str, Any] = {
        "id": 1,
        "phone": "1",
        "shipping_address": {"phone": "2", "country_code": "CA", "first_name": "Grandma"},
        "customer": {"phone": "3", "first_name": "Ada"},
        "billing_address": {"phone": "4", "country_code": "us", "last_name": "Byron"},
    }
    assert read_order(order, ARRIVAL).phones == (
        PhoneField("phone", "1", "CA", "Ada", None),
        PhoneField("shipping_address.phone", "2", "CA", "Grandma", None),
        PhoneField("customer.phone", "3", "CA", "Ada", None),
        PhoneField("billing_address.phone", "4", "US", None, "Byron"),
    )


@pytest.mark.parametrize("nothing", [None, [], "", 0, {}, [None], "text"])
def test_a_guest_with_nothing_but_an_order_is_read(nothing: object) -> None:
    fields = ("customer", "shipping_address", "billing_address", "phone", "line_items", "name")
    order = read_order({"id": "5"} | dict.fromkeys(fields, nothing), ARRIVAL)

    assert (order.shopify_id, order.customer_id, order.lines) == (5, None, ())
    assert all(phone.field == "phone" for phone in order.phones)
