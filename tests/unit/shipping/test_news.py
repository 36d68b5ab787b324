from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import Milestone, MilestoneOutcome
from sms.shipping.news import News, Scan, Shipment, news_of, why_untold

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
INSTALLED = NOW - timedelta(days=30)
HOUR = timedelta(hours=1)


def shipment(
    *scans: Scan,
    status: str | None = "success",
    shipment_status: str | None = None,
    travels: bool = True,
    created_at: datetime = NOW - 10 * HOUR,
    updated_at: datetime = NOW - HOUR,
) -> Shipment:
    return Shipment(
        status=status,
        shipment_status=shipment_status,
        travels=travels,
        created_at=created_at,
        updated_at=updated_at,
        scans=scans,
    )


def reached(parcel: Shipment) -> dict[Milestone, datetime]:
    return {news.milestone: news.happened_at for news in news_of(parcel, installed_at=INSTALLED)}


def test_the_first_of_several_scans_dates_the_news() -> None:
    scans = [Scan("out_for_delivery", NOW - hours * HOUR) for hours in (1, 3, 2)]
    assert reached(shipment(*scans))[Milestone.OUT_FOR_DELIVERY] == NOW - 3 * HOUR


def test_a_scan_dates_a_status_better_than_the_last_edit() -> None:
    parcel = shipment(Scan("delivered", NOW - 5 * HOUR), shipment_status="delivered")
    assert reached(parcel)[Milestone.DELIVERED] == NOW - 5 * HOUR


def test_a_status_without_a_scan_counts_from_the_change() -> None:
    parcel = shipment(shipment_status="delivered")
    assert reached(parcel)[Milestone.DELIVERED] == NOW - HOUR


def test_an_edit_of_an_old_parcel_makes_no_news_of_its_delivery() -> None:
    parcel = shipment(shipment_status="delivered", created_at=INSTALLED - HOUR, updated_at=NOW)
    (shipped, delivered) = news_of(parcel, installed_at=INSTALLED)
    assert delivered.milestone is Milestone.DELIVERED
    for news in (shipped, delivered):
        assert untold(news, parcel) is MilestoneOutcome.BEFORE_INSTALL


def untold(news: News, parcel: Shipment) -> MilestoneOutcome | None:
    return why_untold(
        news,
        news_of(parcel, installed_at=INSTALLED),
        installed_at=INSTALLED,
        order_cancelled=False,
        now=NOW,
    )


def told(parcel: Shipment) -> set[Milestone]:
    news = news_of(parcel, installed_at=INSTALLED)
    return {piece.milestone for piece in news if untold(piece, parcel) is None}


@pytest.mark.parametrize("status", ["cancelled", "error", "failure", "pending", "open", None, "?"])
def test_only_what_was_sent_off_has_shipped(status: str | None) -> None:
    assert Milestone.SHIPPED not in reached(shipment(status=status))


def test_what_is_fetched_or_downloaded_has_not_shipped() -> None:
    assert reached(shipment(shipment_status="ready_for_pickup")) == {}
    assert reached(shipment(Scan("ready_for_pickup", NOW))) == {}
    assert reached(shipment(travels=False)) == {}


def test_a_parcel_that_was_called_back_is_no_news_whatever_was_scanned() -> None:
    assert reached(shipment(Scan("delivered", NOW), status="cancelled")) == {}


@pytest.mark.parametrize(
    ("scans", "expected"),
    [
        ({"out_for_delivery": 2}, {Milestone.OUT_FOR_DELIVERY}),
        ({"delayed": 3, "out_for_delivery": 2}, {Milestone.OUT_FOR_DELIVERY}),
        ({"delayed": 1, "out_for_delivery": 2}, {Milestone.OUT_FOR_DELIVERY, Milestone.DELAYED}),
        ({"out_for_delivery": 3, "attempted_delivery": 2}, {Milestone.ATTEMPTED_DELIVERY}),
        (
            {"attempted_delivery": 3, "out_for_delivery": 2},
            {Milestone.ATTEMPTED_DELIVERY, Milestone.OUT_FOR_DELIVERY},
        ),
        ({"attempted_delivery": 3, "failure": 2}, {Milestone.FAILED}),
        ({"failure": 1, "delivered": 2}, {Milestone.DELIVERED}),
        ({"delayed": 1, "delivered": 2}, {Milestone.DELIVERED}),
        ({"in_transit": 2}, {Milestone.SHIPPED}),
        ({"delayed": 2}, {Milestone.SHIPPED, Milestone.DELAYED}),
    ],
)
def test_the_later_of_two_is_told(scans: dict[str, int], expected: set[Milestone]) -> None:
    parcel = shipment(*(Scan(status, NOW - hours * HOUR) for status, hours in scans.items()))
    assert told(parcel) == expected


def test_what_happened_in_the_second_of_the_install_is_news() -> None:
    installed = NOW.replace(microsecond=900_000)
    news = News(Milestone.SHIPPED, NOW)
    why = why_untold(
        news, [news], installed_at=installed, order_cancelled=False, now=NOW + timedelta(seconds=1)
    )
    assert why is None


STATUSES = st.sampled_from(
    ["in_transit", "out_for_delivery", "delivered", "attempted_delivery", "delayed", "failure", "?"]
)


@given(st.lists(st.tuples(STATUSES, st.integers(0, 100)), max_size=8))
def test_the_order_of_scans_changes_nothing_and_a_delivery_silences_the_rest(
    scans: list[tuple[str, int]],
) -> None:
    made = [Scan(status, NOW - hours * HOUR) for status, hours in scans]
    parcel = shipment(*made)
    assert news_of(parcel, installed_at=INSTALLED) == news_of(
        shipment(*reversed(made)), installed_at=INSTALLED
    )
    at = reached(parcel)
    if Milestone.DELIVERED in told(parcel):
        # Whatever is told beside the delivery happened in the same hour, which is within minutes.
        assert {at[milestone] for milestone in told(parcel)} == {at[Milestone.DELIVERED]}


def test_what_happened_within_minutes_is_all_told_in_the_order_of_its_happening() -> None:
    scans = {"out_for_delivery": 20, "attempted_delivery": 15, "delivered": 10}
    parcel = shipment(
        *(Scan(status, NOW - timedelta(minutes=m)) for status, m in scans.items()),
        created_at=NOW - timedelta(minutes=25),
    )
    news = news_of(parcel, installed_at=INSTALLED)
    assert [piece.milestone.value for piece in news] == ["shipped", *scans]
    assert told(parcel) == set(reached(parcel))
