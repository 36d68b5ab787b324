"""Comparing what Parley's rows say with what the carrier got. Pure, so that it can be tested."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.chaos.plan import Expected

IN_DOUBT = frozenset({"sending", "unknown"})
# A row in one of these says that its text did not leave; its reason says why.
ENDED_UNSENT = frozenset({"blocked", "cancelled", "expired", "failed"})

# The number it came from, the phone, and what it says; a row may lack the first two.
Words = tuple[str | None, str | None, str]


@dataclass(frozen=True)
class Row:
    """An outgoing text in Parley's database."""

    id: str
    shop: str
    sender: str | None
    to: str | None
    body: str
    status: str
    reason: str | None
    carrier_id: str | None
    dedupe_key: str


@dataclass(frozen=True)
class Record:
    """A text that the carrier accepted. `named` is our id in its status callback's address."""

    carrier_id: str
    named: str | None
    sender: str
    to: str
    body: str


@dataclass(frozen=True)
class MilestoneRow:
    """What Parley noted about one milestone of one parcel."""

    outcome: str
    message_id: str | None


@dataclass(frozen=True)
class Evidence:
    """Both sides at the end of a run. `answers` are (shop, dedupe key) of texts owed as replies."""

    rows: Sequence[Row]
    records: Sequence[Record]
    milestones: Mapping[tuple[str, int, str], MilestoneRow]
    expected: Sequence[Expected]
    answers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Verdict:
    """`recipients` counts texts that were due: each is one person's news, or its absence."""

    recipients: int
    duplicates: int
    lost: int
    unknown: int
    findings: list[str] = field(default_factory=list)


def judge(evidence: Evidence) -> Verdict:
    """Count duplicates, lost texts and doubts, with a sentence for each."""
    findings: list[str] = []
    tied, strangers = _tie(evidence)
    by_tie = len(strangers)
    findings += [f"nobody's text at the carrier: {record.carrier_id}" for record in strangers]
    for row in evidence.rows:
        extra = len(tied[row.id]) - 1
        if extra > 0:
            by_tie += extra
            ids = ", ".join(record.carrier_id for record in tied[row.id])
            findings.append(f"{extra} too many of {_named(row)}: {ids}")
    by_words = _too_many_by_words(evidence, findings)
    lost = [f"lost: {_named(row)}" for row in evidence.rows if _is_lost(row, tied[row.id])]
    absent = _without_row(evidence)
    unknown = [row for row in evidence.rows if row.status in IN_DOUBT]
    findings += [*lost, *absent, *(f"in doubt: {_named(row)}" for row in unknown)]
    return Verdict(
        recipients=len(evidence.rows) + len(absent),
        duplicates=max(by_tie, by_words),
        lost=len(lost) + len(absent),
        unknown=len(unknown),
        findings=findings,
    )


def _tie(evidence: Evidence) -> tuple[defaultdict[str, list[Record]], list[Record]]:
    """Give each of the carrier's texts to one row: by the carrier's id, else by ours."""
    by_carrier_id = {row.carrier_id: row.id for row in evidence.rows if row.carrier_id}
    known = {row.id for row in evidence.rows}
    tied: defaultdict[str, list[Record]] = defaultdict(list)
    strangers = []
    for record in evidence.records:
        owner = by_carrier_id.get(record.carrier_id) or record.named
        if owner in known:
            tied[owner].append(record)
        else:
            strangers.append(record)
    return tied, strangers


def _too_many_by_words(evidence: Evidence, findings: list[str]) -> int:
    """What people saw: the same words from the same number more often than rows ask for them."""
    wanted: Counter[Words] = Counter((row.sender, row.to, row.body) for row in evidence.rows)
    got: Counter[Words] = Counter(
        (record.sender, record.to, record.body) for record in evidence.records
    )
    excess = got - wanted
    findings += [
        f"{n} too many from {s} to {to}: {words!r}" for (s, to, words), n in excess.items()
    ]
    return excess.total()


def _is_lost(row: Row, records: Sequence[Record]) -> bool:
    if records:
        return False
    return row.status not in ENDED_UNSENT or not row.reason


def _without_row(evidence: Evidence) -> list[str]:
    """Milestones and answers that Parley owed and has no row for, or a row with a wrong excuse."""
    ids = {row.id for row in evidence.rows}
    absent = [
        f"no text for {want.milestone} of parcel {want.parcel_id} of {want.shop}: {problem}"
        for want in evidence.expected
        if (problem := _problem(want, evidence, ids)) is not None
    ]
    known = {(row.shop, row.dedupe_key) for row in evidence.rows}
    return absent + [f"no answer {key} of {shop}" for shop, key in evidence.answers
                     if (shop, key) not in known]  # fmt: skip


def _problem(want: Expected, evidence: Evidence, message_ids: set[str]) -> str | None:
    row = evidence.milestones.get((want.shop, want.parcel_id, want.milestone))
    if row is None:
        return "nothing is noted"
    if row.outcome in {"texted", "refused"}:
        return None if row.message_id in message_ids else f"noted as {row.outcome}, without a text"
    if row.outcome == "overtaken" and want.later:
        return None
    return f"noted as {row.outcome}"


def _named(row: Row) -> str:
    return f"{row.id} ({row.shop}, {row.dedupe_key}, {row.status}, reason {row.reason})"
