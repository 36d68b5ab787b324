"""What Shopify's answers mean, whatever their shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopify.answers import Answer, Later, TokenRejected, Trouble, read_answer


def of(body: Any, status: int = 200, **headers: str) -> Answer | Later | TokenRejected:
    return read_answer(httpx.Response(status, json=body, headers=headers))


def denied(*path: str | int, access: str | None = None) -> dict[str, Any]:
    extensions = {"code": "ACCESS_DENIED"} | ({"requiredAccess": access} if access else {})
    return {"message": "This app is not approved.", "path": list(path), "extensions": extensions}


def throttled(**bucket: float) -> dict[str, Any]:
    cost = {"requestedQueryCost": 100, "actualQueryCost": None, "throttleStatus": bucket}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return {"errors": errors, "extensions": {"cost": cost}}


def test_data_is_an_answer() -> None:
    assert of({"data": {"shop": {"name": "Maple"}}}) == Answer({"shop": {"name": "Maple"}})


def test_nothing_of_that_id_is_an_answer_too() -> None:
    assert of({"data": {"order": None}}) == Answer({"order": None})


def test_a_withheld_field_leaves_the_rest_and_is_explained() -> None:
    orders = {"orders": {"nodes": [{"id": "1", "phone": None}]}}
    answer = of({"data": orders, "errors": [denied("orders", "nodes", 0, "phone")]})
    assert isinstance(answer, Answer)
    assert (answer.data, answer.problem) == (orders, None)
    assert answer.redacted_fields == {"orders.nodes.phone"}
    assert answer.explanation == "Shopify has not yet approved phone access for this app."


def test_several_withheld_fields_make_one_sentence() -> None:
    paths = [("c", "firstName"), ("c", "lastName"), ("c", "email"), ("shippingAddress",)]
    errors = [denied(*path) for path in paths]
    answer = of({"data": {"c": {}}, "errors": errors})
    assert isinstance(answer, Answer)
    said = "Shopify has not yet approved address, email and name access for this app."
    assert answer.explanation == said


def test_a_withheld_root_is_no_crash() -> None:
    answer = of({"data": {"customer": None}, "errors": [denied("customer")]})
    assert isinstance(answer, Answer)
    assert answer.redacted_fields == {"customer"}
    assert answer.problem is None


def test_a_missing_scope_is_told_from_a_withheld_field() -> None:
    error = denied("orders", access="`read_orders` access scope.")
    answer = of({"data": {"orders": None}, "errors": [error]})
    assert isinstance(answer, Answer)
    assert answer.problem is not None
    assert answer.problem.code is Trouble.MISSING_SCOPE
    assert "read_orders" in answer.problem.sentence


def test_a_throttled_answer_says_how_long_to_wait() -> None:
    status = {"maximumAvailable": 2000, "currentlyAvailable": 20, "restoreRate": 40}
    later = of(throttled(**status))
    assert isinstance(later, Later)
    assert (later.seconds, later.untouched) == (2.0, True)


def test_what_costs_more_than_the_bucket_holds_is_never_tried_again() -> None:
    answer = of(throttled(maximumAvailable=50, currentlyAvailable=50, restoreRate=1))
    assert isinstance(answer, Answer)
    assert answer.problem is not None


@pytest.mark.parametrize("bucket", [{}, {"currentlyAvailable": 0, "restoreRate": 0}])
def test_a_throttled_answer_without_numbers_is_waited_for_all_the_same(
    bucket: dict[str, float],
) -> None:
    later = of(throttled(**bucket))
    assert isinstance(later, Later)
    assert later.seconds is None


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_the_wait_of_a_429_is_read_in_any_case(name: str) -> None:
    later = read_answer(httpx.Response(429, headers={name: "3.0"}))
    assert isinstance(later, Later)
    assert (later.seconds, later.untouched) == (3.0, True)


@pytest.mark.parametrize("wait", ["", "soon", "-1", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_ours_to_choose(wait: str) -> None:
    later = read_answer(httpx.Response(429, headers={"Retry-After": wait}))
    assert isinstance(later, Later)
    assert later.seconds is None


@pytest.mark.parametrize("status", [402, 403, 404, 423])
def test_a_frozen_shop_is_a_value(status: int) -> None:
    answer = of({"errors": "Unavailable Shop"}, status)
    assert isinstance(answer, Answer)
    assert answer.problem is not None
    assert answer.problem.code is Trouble.SHOP_CLOSED


def test_a_rejected_token_is_a_value() -> None:
    assert of({"errors": "[API] Invalid API key or access token"}, 401) == TokenRejected()


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "7", '{"data": 7}', "[" * 100_000])
def test_what_cannot_be_read_may_have_been_done(body: str) -> None:
    found = read_answer(httpx.Response(200, content=body))
    assert isinstance(found, Later | Answer)
    assert isinstance(found, Later) or found.problem is not None


_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("data", "errors", "extensions", "cost", "code", "path", "message"),
                    *("throttleStatus", "requestedQueryCost", "restoreRate", "currentlyAvailable"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([200, 200, 200, 400, 401, 429, 500, 503]),
    st.dictionaries(st.sampled_from(["data", "errors", "extensions"]), _JSON),
)
def test_no_answer_whatsoever_is_a_crash(status: int, body: dict[str, Any]) -> None:
    found = read_answer(httpx.Response(status, json=body))
    if isinstance(found, Answer):
        assert (found.data is None) == (found.problem is not None)
        assert found.explanation != ""


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e400"])
def test_numbers_that_are_none_do_no_harm(number: str) -> None:
    cost = f'{{"requestedQueryCost": {number}, "throttleStatus": {{"currentlyAvailable": 1, '
    cost += f'"maximumAvailable": {number}, "restoreRate": {number}}}}}'
    errors = '[{"extensions": {"code": "THROTTLED"}}]'
    body = f'{{"errors": {errors}, "extensions": {{"cost": {cost}}}}}'
    found = read_answer(httpx.Response(200, content=body))
    if isinstance(found, Later) and found.seconds is not None:
        assert 0 <= found.seconds < 10**9
