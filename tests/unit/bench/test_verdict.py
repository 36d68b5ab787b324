"""The comparison at the end of a chaos run must be able to fail, in each way there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.chaos.plan import Expected
from bench.chaos.run import Outcome
from bench.chaos.verdict import Evidence, MilestoneRow, Record, Row, Verdict, judge

SHOP, SENDER, ADA = "busy-1.myshopify.com", "+12065560001", "+14155550101"


def row(name: str, status: str = "delivered", **other: str | None) -> Row:
    given: dict[str, str | None] = {"carrier_id": f"SM-{name}", "reason": None, "body": "shipped"}
    given |= other
    return Row(
        id=name,
        shop=SHOP,
        sender=SENDER,
        to=ADA,
        body=given["body"] or "",
        status=status,
        reason=given["reason"],
        carrier_id=given["carrier_id"],
        dedupe_key=f"shipping:{name}",
    )


def record(carrier_id: str, named: str | None, body: str = "shipped") -> Record:
    return Record(carrier_id=carrier_id, named=named, sender=SENDER, to=ADA, body=body)


def judged(rows: list[Row], records: list[Record]) -> Verdict:
    return judge(Evidence(rows=rows, records=records, milestones={}, expected=()))


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.recipients, verdict.duplicates, verdict.lost, verdict.unknown


def test_should_find_nothing_where_each_text_is_there_once() -> None:
    found = judged([row("a"), row("b")], [record("SM-a", "a"), record("SM-b", "b")])
    assert counts(found) == (2, 0, 0, 0)
    assert found.findings == []


def test_should_count_a_second_text_that_carries_the_same_id_of_ours() -> None:
    found = judged([row("a")], [record("SM-a", "a"), record("SM-x", "a")])
    assert counts(found) == (1, 1, 0, 0)


def test_should_count_each_copy_beyond_the_first() -> None:
    found = judged([row("a")], [record(f"SM-{n}", "a") for n in range(4)])
    assert found.duplicates == 3


def test_should_count_a_text_at_the_carrier_that_is_nobodys() -> None:
    assert judged([row("a")], [record("SM-a", "a"), record("SM-y", None)]).duplicates == 1
    assert judged([row("a")], [record("SM-a", "a"), record("SM-y", "gone")]).duplicates == 1


def test_should_count_same_words_twice_even_if_ids_pretend_that_they_are_two_texts() -> None:
    other_words = row("b", body="delivered")
    found = judged([row("a"), other_words], [record("SM-a", "a"), record("SM-b", "b")])
    assert found.duplicates == 1


def test_should_not_mind_that_two_texts_with_the_same_words_changed_their_places() -> None:
    """The reconciler may give one of two equal texts the other's record: people saw two, of two."""
    rows = [row("a", carrier_id="SM-1"), row("b", carrier_id="SM-2")]
    assert counts(judged(rows, [record("SM-1", "b"), record("SM-2", "b")])) == (2, 0, 0, 0)


@pytest.mark.parametrize("status", ["queued", "accepted", "sent", "delivered", "undelivered"])
def test_should_count_a_text_as_lost_that_the_carrier_never_got(status: str) -> None:
    assert counts(judged([row("a", status)], [])) == (1, 0, 1, 0)


@pytest.mark.parametrize("status", ["blocked", "cancelled", "expired", "failed"])
def test_should_ask_a_text_that_never_left_for_a_reason(status: str) -> None:
    assert judged([row("a", status, reason="opted_out")], []).lost == 0
    assert judged([row("a", status)], []).lost == 1


def test_should_count_doubt_and_call_it_lost_only_if_the_carrier_has_nothing() -> None:
    assert counts(judged([row("a", "unknown")], [record("SM-a", "a")])) == (1, 0, 0, 1)
    assert counts(judged([row("a", "sending", carrier_id=None)], [])) == (1, 0, 1, 1)


WANTED = Expected(SHOP, 77, "shipped")


def owed(milestone: MilestoneRow | None, want: Expected = WANTED) -> Verdict:
    noted = {} if milestone is None else {(SHOP, 77, "shipped"): milestone}
    rows, records = [row("a")], [record("SM-a", "a")]
    return judge(Evidence(rows=rows, records=records, milestones=noted, expected=[want]))


def test_should_count_news_without_any_row_as_a_lost_text() -> None:
    assert counts(owed(None)) == (2, 0, 1, 0)


def test_should_believe_a_milestone_only_if_its_text_exists() -> None:
    assert owed(MilestoneRow("texted", "a")).lost == 0
    assert owed(MilestoneRow("texted", None)).lost == 1
    assert owed(MilestoneRow("refused", "z")).lost == 1


def test_should_take_no_excuse_but_later_news() -> None:
    with_later_news = replace(WANTED, later=frozenset({"delivered"}))
    assert owed(MilestoneRow("overtaken", None), with_later_news).lost == 0
    assert owed(MilestoneRow("overtaken", None)).lost == 1
    assert owed(MilestoneRow("no_usable_phone", None), with_later_news).lost == 1


def test_should_count_an_answer_that_was_never_written() -> None:
    evidence = Evidence([row("a")], [record("SM-a", "a")], {}, (), answers=[(SHOP, "help_reply:1")])
    assert counts(judge(evidence)) == (2, 0, 1, 0)


@pytest.mark.parametrize(
    ("verdict", "problems"),
    [
        (Verdict(500, 1, 0, 0), []),
        (Verdict(500, 0, 1, 0), []),
        (Verdict(500, 0, 0, 0), ["stuck: a text"]),
    ],
)
def test_should_fail_for_a_duplicate_a_loss_or_a_storm_that_was_none(
    verdict: Verdict, problems: list[str]
) -> None:
    assert not Outcome(verdict, kills=20, flushes=2, seconds=1, problems=problems).passed


def test_should_pass_with_a_doubt_that_the_rows_admit() -> None:
    assert Outcome(Verdict(500, 0, 0, 1), kills=20, flushes=2, seconds=1, problems=[]).passed


def test_should_end_with_one_line_of_a_fixed_form() -> None:
    outcome = Outcome(Verdict(612, 1, 2, 3), kills=25, flushes=4, seconds=131.6, problems=[])
    assert outcome.line() == (
        "chaos: recipients=612 kills=25 flushes=4 duplicates=1 lost=2 unknown=3 seconds=132"
    )
