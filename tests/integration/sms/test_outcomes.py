"""Whatever the carrier does to a request: the right status, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import CarrierAccount, Message, Sender
from models.enums import ConsentState, MessageStatus, Scope
from sandbox.carrier.magic import PREFIX
from sms.carriers.protocol import Accepted, Ambiguous, NothingSent, Refused, SendOutcome
from sms.carriers.twilio import Twilio
from sms.consent.gate import Cleared
from sms.delivery.dispatch import Dispatcher
from tests.factories import ADA, BEN
from tests.integration.sandbox_carrier.running import Running, free_port
from tests.integration.sms.making import Clock, Desk, dispatcher_for, through_twilio
from tests.integration.sms.watched import Watched


@pytest.fixture
def dispatcher(desk: Desk, stand_in: Running, clock: Clock) -> Dispatcher:
    return dispatcher_for(desk.database, through_twilio(stand_in), clock)


def send(desk: Desk, dispatcher: Dispatcher) -> None:
    dispatcher.run(desk.shop.id, desk.shop.sender_id)


def bodies_at(stand_in: Running, phone: str = ADA) -> list[str]:
    return [text["body"] for text in stand_in.accepted(phone)]


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "timeout_after_accept", "seconds": 3},
        {"fault": "drop_after_accept"},
        {"fault": "error_after_accept", "status": 500},
        {"fault": "error_after_accept", "status": 503},
        {"fault": "error_before_accept", "status": 500},
        {"fault": "drop_before_read"},
    ],
    ids=lambda rule: f"{rule['fault']}-{rule.get('status', '')}",
)
def test_should_be_unknown_and_not_sent_again_when_the_answer_was_lost(
    rule: dict[str, object], desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text = desk.queued()
    stand_in.control("/faults", {"rules": [rule | {"count": 1}]})
    send(desk, dispatcher)
    desk.clock.advance(minutes=30)
    send(desk, dispatcher)
    assert desk.message(text).status is MessageStatus.UNKNOWN
    assert len(bodies_at(stand_in)) == ("after" in str(rule["fault"]))


def test_should_try_again_with_a_pause_when_the_carrier_is_busy(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text = desk.queued()
    stand_in.control("/faults", {"rules": [{"fault": "too_many_requests", "count": 1}]})
    before = desk.clock()
    send(desk, dispatcher)
    postponed = desk.message(text)
    assert postponed.status is MessageStatus.QUEUED
    assert before + timedelta(seconds=1) <= postponed.send_after <= before + timedelta(seconds=4)
    desk.clock.advance(seconds=5)
    send(desk, dispatcher)
    sent = desk.message(text)
    assert (sent.status, sent.error_code, sent.attempts) == (MessageStatus.ACCEPTED, None, 2)
    assert len(bodies_at(stand_in)) == 1


def test_should_try_again_when_no_connection_came_about(desk: Desk, clock: Clock) -> None:
    desk.contact()
    text = desk.queued()
    nobody = Twilio(timeout=1, pool_size=4, base_url=f"http://127.0.0.1:{free_port()}")
    send(desk, dispatcher_for(desk.database, nobody, clock))
    postponed = desk.message(text)
    assert (postponed.status, postponed.attempts) == (MessageStatus.QUEUED, 1)
    assert postponed.send_after > clock()


def test_should_give_up_a_text_without_an_end_after_many_tries(desk: Desk, clock: Clock) -> None:
    desk.contact()
    text = desk.queued()
    desk.change(desk.message(text), attempts=19)
    nobody = Twilio(timeout=1, pool_size=4, base_url=f"http://127.0.0.1:{free_port()}")
    send(desk, dispatcher_for(desk.database, nobody, clock))
    given_up = desk.message(text)
    assert (given_up.status, given_up.reason) == (MessageStatus.FAILED, "too_many_tries")


def test_should_wait_for_a_slow_carrier(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text = desk.queued()
    stand_in.control("/faults", {"rules": [{"fault": "slow", "seconds": 0.5}]})
    send(desk, dispatcher)
    sent = desk.message(text)
    assert sent.status is MessageStatus.ACCEPTED
    assert sent.carrier_id == stand_in.accepted(ADA)[0]["sid"]


def test_should_write_a_revocation_when_the_carrier_knows_of_a_stop(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    phone = f"{PREFIX}0110"
    desk.contact(phone, marketing=True)
    text, waiting = desk.queued(phone), desk.queued(phone, send_after=desk.clock.later(hours=1))
    send(desk, dispatcher)
    refused = desk.message(text)
    assert (refused.status, refused.reason) == (MessageStatus.FAILED, "carrier_21610")
    assert desk.message(waiting).status is MessageStatus.CANCELLED
    assert desk.suppressed() == {Scope.MARKETING, Scope.TRANSACTIONAL}
    assert desk.person(phone).transactional is ConsentState.REVOKED


@pytest.mark.parametrize(
    ("ending", "reason"), [("0111", "invalid_number"), ("0114", "landline"), ("0112", "landline")]
)
def test_should_mark_a_number_that_cannot_receive_texts(
    ending: str, reason: str, desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    phone = f"{PREFIX}{ending}"
    desk.contact(phone)
    text = desk.queued(phone)
    send(desk, dispatcher)
    assert desk.message(text).status is MessageStatus.FAILED
    assert desk.person(phone).unreachable_reason == reason
    later = desk.message(desk.queued(phone))
    assert (later.status, later.reason) == (MessageStatus.BLOCKED, "number_unreachable")


def test_should_text_a_number_again_from_which_a_text_came(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    desk.change(desk.person(), unreachable_reason="landline")
    desk.texts("Where is my parcel?")
    desk.works()
    assert desk.person().unreachable_reason is None
    desk.asks("It comes tomorrow. Is noon fine?")
    send(desk, dispatcher)
    assert len(bodies_at(stand_in)) == 1


def test_should_pause_a_sender_in_trouble_and_keep_its_texts(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    troubled = f"{PREFIX}0116"
    desk.contact(troubled)
    desk.contact(BEN)
    first = desk.queued(troubled)
    send(desk, dispatcher)
    with desk.database.shop_session(desk.shop.id) as session:
        sender = session.get_one(Sender, desk.shop.sender_id)
    assert sender.paused_until is not None
    assert sender.paused_reason
    waiting = desk.message(first)
    assert (waiting.status, waiting.send_after) == (MessageStatus.QUEUED, sender.paused_until)
    second = desk.queued(BEN)
    send(desk, dispatcher)
    other = desk.message(second)
    assert (other.status, other.reason) == (MessageStatus.QUEUED, "sender_paused")
    assert stand_in.accepted(BEN) == []
    desk.clock.advance(minutes=16)
    send(desk, dispatcher)
    assert len(stand_in.accepted(BEN)) == 1


def test_should_pause_the_account_when_its_credentials_are_refused(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    with desk.database.shop_session(desk.shop.id) as session:
        account = session.scalars(select(CarrierAccount)).one()
        account.auth_token_encrypted = session.vault.encrypt(b"wrong")
    text = desk.queued()
    send(desk, dispatcher)
    with desk.database.shop_session(desk.shop.id) as session:
        account = session.scalars(select(CarrierAccount)).one()
    assert account.paused_until is not None
    assert "credentials" in (account.paused_reason or "")
    assert desk.message(text).status is MessageStatus.QUEUED
    later = desk.message(desk.queued())
    assert (later.reason, later.send_after) == ("account_paused", account.paused_until)


def test_should_record_the_others_of_a_batch_when_one_carrier_id_is_taken(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    """The answer to a request may come after its text was settled as another's."""
    desk.contact()
    desk.contact(BEN)
    send_first = desk.queued()
    send(desk, dispatcher)
    taken = desk.message(send_first).carrier_id
    assert taken is not None
    texts = [desk.queued(), desk.queued(BEN)]

    def names_it_again(cleared: Cleared, outcome: SendOutcome) -> SendOutcome:
        return Accepted(taken) if cleared.text.to == ADA else outcome

    carrier = Watched(through_twilio(stand_in), after=names_it_again)
    send(desk, dispatcher_for(desk.database, carrier, desk.clock))
    assert desk.message(texts[1]).status is MessageStatus.ACCEPTED
    assert desk.message(texts[0]).status is MessageStatus.UNKNOWN


def test_should_believe_a_late_yes_of_the_carrier_over_a_withdrawal(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    """A process that slept through everything wakes up with the carrier's yes."""
    desk.contact()
    text = desk.queued()

    def sleeps(_: Cleared, outcome: SendOutcome) -> SendOutcome:
        desk.change(desk.message(text), status=MessageStatus.CANCELLED, reason="opted_out")
        return outcome

    carrier = Watched(through_twilio(stand_in), after=sleeps)
    send(desk, dispatcher_for(desk.database, carrier, desk.clock))
    message = desk.message(text)
    assert (message.status, message.reason) == (MessageStatus.ACCEPTED, None)
    assert message.carrier_id is not None


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"status": MessageStatus.DELIVERED},
        {"status": MessageStatus.SENDING, "attempts": 2},
        {"status": MessageStatus.QUEUED, "attempts": 1},
    ],
    ids=["a callback settled it", "another sends it again", "it was put back"],
)
@pytest.mark.parametrize("late", [Ambiguous("late"), Refused(21611), NothingSent("late")], ids=str)
def test_should_not_let_a_late_answer_overrule_what_happened_since(
    late: SendOutcome, meanwhile: dict[str, object], desk: Desk, stand_in: Running
) -> None:
    desk.contact()
    text = desk.queued()

    def sleeps(_: Cleared, outcome: SendOutcome) -> SendOutcome:
        desk.change(desk.message(text), send_after=desk.clock.later(hours=1), **meanwhile)
        return late

    carrier = Watched(through_twilio(stand_in), after=sleeps)
    send(desk, dispatcher_for(desk.database, carrier, desk.clock))
    assert desk.message(text).status is meanwhile["status"]
    with desk.database.shop_session(desk.shop.id) as session:
        assert session.get_one(Sender, desk.shop.sender_id).paused_until is None


def test_should_send_each_of_many_exactly_once_among_faults(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    phones = desk.campaign(60)
    rules = [
        {"fault": "drop_after_accept", "probability": 0.1},
        {"fault": "error_after_accept", "probability": 0.1},
        {"fault": "too_many_requests", "probability": 0.1},
    ]
    stand_in.control("/faults", {"seed": 7, "rules": rules})
    for _ in range(6):
        send(desk, dispatcher)
        desk.clock.advance(minutes=1)
    counts = {phone: len(stand_in.accepted(phone)) for phone in phones}
    assert set(counts.values()) == {1}
    statuses = {message.status for message in desk.messages(Message.attempts > 0)}
    assert statuses == {MessageStatus.ACCEPTED, MessageStatus.UNKNOWN}
