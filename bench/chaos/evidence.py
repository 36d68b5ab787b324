"""Reading both sides: Parley's rows, as the owner of the tables, and the carrier's own list."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from psycopg.rows import class_row

from bench.chaos.crew import Look
from bench.chaos.plan import Plan
from bench.chaos.verdict import Evidence, MilestoneRow, Record, Row
from bench.machines import Machines

# What keeps the run going: open work, texts not yet at rest. A text that waits for a later hour
# is at rest; so is what was given up, which shows as missing.
_NOT_AT_REST = """
SELECT 'outbox entry' AS what, o.id::text, o.kind || ', ' || o.attempts || ' failures, last '
       || coalesce(o.last_error, 'none') || coalesce(', claimed until ' || o.claimed_until, '')
FROM outbox o WHERE o.done_at IS NULL AND o.gave_up_at IS NULL
UNION ALL
SELECT 'text', m.id::text, m.status || ', ' || m.dedupe_key || ', attempts ' || m.attempts
       || ', send after ' || m.send_after
FROM messages m
WHERE m.direction = 'outbound' AND (m.status IN ('sending', 'unknown')
      OR (m.status = 'queued' AND m.send_after < now() + interval '1 minute'))
"""
_ROWS = """
SELECT m.id::text, s.domain AS shop, n.number AS sender, c.phone AS "to", m.body, m.status,
       m.reason, m.carrier_id, m.dedupe_key
FROM messages m JOIN shops s ON s.id = m.shop_id JOIN contacts c ON c.id = m.contact_id
LEFT JOIN senders n ON n.id = m.sender_id
WHERE m.direction = 'outbound'
"""
_MILESTONES = """
SELECT s.domain, m.shopify_fulfillment_id, m.milestone, m.outcome, m.message_id::text
FROM shipment_milestones m JOIN shops s ON s.id = m.shop_id
"""
_GIVEN_UP = """
SELECT r.topic, r.problem, count(*) FROM webhook_receipts r WHERE r.status = 'unusable'
GROUP BY 1, 2
"""


def what_is_not_at_rest(look: Look) -> list[str]:
    """Name everything that is due or in doubt."""
    return [" ".join(str(part) for part in row) for row in look.execute(_NOT_AT_REST).fetchall()]


def what_was_given_up(look: Look) -> list[str]:
    return [f"{n} x {topic}: {why}" for topic, why, n in look.execute(_GIVEN_UP).fetchall()]


def carrier_is_at_rest(machines: Machines) -> bool:
    """Nothing is on its way to a phone or to a webhook any more."""
    pending = _ask(machines, "state")["pending"]
    return not any(pending.values())


def gather(
    machines: Machines, plan: Plan, answers: Sequence[tuple[str, str]], look: Look
) -> Evidence:
    milestones = {
        (str(shop), int(str(parcel)), str(name)): MilestoneRow(
            str(outcome), None if message is None else str(message)
        )
        for shop, parcel, name, outcome, message in look.execute(_MILESTONES).fetchall()
    }
    return Evidence(
        rows=_rows(look),
        records=_records(machines),
        milestones=milestones,
        expected=plan.expected,
        answers=answers,
    )


def faults_met(machines: Machines) -> dict[str, int]:
    """How often each fault of the carrier struck."""
    return {rule["fault"]: rule["strikes"] for rule in _ask(machines, "faults")["rules"]}


def _rows(look: Look) -> list[Row]:
    with look.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(_ROWS).fetchall()


def _records(machines: Machines) -> list[Record]:
    return [
        Record(
            carrier_id=each["sid"],
            named=next(iter(parse_qs(urlsplit(each["status_callback"]).query).get("m", ())), None),
            sender=each["sender"],
            to=each["recipient"],
            body=each["body"],
        )
        for each in _ask(machines, "messages")["messages"]
        if each["direction"] != "inbound"
    ]


def _ask(machines: Machines, what: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{machines.carrier_url}/_control/{what}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
