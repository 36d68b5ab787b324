"""Whoever logs, and whatever they log: no phone, no password, no row of a table."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from logs import configure_logging

ADA = "+14155550101"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What reaches standard error once the process has set its logging up."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("DEBUG")
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _line(written: io.StringIO) -> dict[str, object]:
    assert "5550101" not in written.getvalue()
    (line,) = written.getvalue().splitlines()
    entry: dict[str, object] = json.loads(line)
    return entry


@pytest.mark.parametrize(
    "phone",
    [
        *(ADA, "+1 (415) 555-0101", "+1-415-555-0101", "%2B14155550101", "%2b14155550101"),
        *("(415) 555-0101", "415-555-0101", "415.555.0101"),
    ],
)
def test_a_phone_is_masked_however_it_is_written(written: io.StringIO, phone: str) -> None:
    structlog.get_logger("a").info("wrote", body=f"call {phone}, please")
    line = str(_line(written)["body"])
    assert line.startswith("call ")
    assert line.endswith(", please")
    assert "415" in line or "•••" in line


def test_the_mask_keeps_who_can_be_told_apart(written: io.StringIO) -> None:
    structlog.get_logger("a").info("to", phone=ADA)
    assert _line(written)["phone"] == "+1415•••0101"


def test_a_short_number_is_not_shown_by_its_ends(written: io.StringIO) -> None:
    structlog.get_logger("a").info("to", phone="+2905550101")
    assert _line(written)["phone"] == "•••01"


def test_values_that_are_no_text_are_masked_too(written: io.StringIO) -> None:
    structlog.get_logger("a").info(
        "form", form={"From": ADA, "more": [ADA, (ADA,)]}, error=ValueError(ADA), raw=ADA.encode()
    )
    assert _line(written)["event"] == "form"


def test_a_librarys_record_and_its_arguments_are_masked(written: io.StringIO) -> None:
    logging.getLogger("some.library").warning("to %s: %r", ADA, {"To": ADA})
    assert _line(written)["event"] == "to +1415•••0101: {'To': '+1415•••0101'}"


def test_an_exception_is_masked_and_holds_no_row(written: io.StringIO) -> None:
    row = "DETAIL:  Failing row contains (Ada, Rye Street 5)."
    try:
        raise ValueError("\n".join([f"{ADA} is taken", row]))
    except ValueError:
        structlog.get_logger("a").exception("failed")
    trace = str(_line(written)["exception"])
    assert "ValueError: +1415•••0101 is taken" in trace
    assert "Rye Street" not in trace


@pytest.mark.parametrize("name", ["gunicorn.error", "werkzeug", "sqlalchemy.engine", "rq.worker"])
def test_the_servers_own_records_pass_the_masks(written: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("Error handling request /?to=%s", ADA)
    assert _line(written)["level"] == "error"


@pytest.mark.parametrize(
    "address",
    ["postgresql+psycopg://parley:hunter2@db:5432/parley", "redis://:hunter2@queue/0"],
)
def test_the_password_in_an_address_is_masked(written: io.StringIO, address: str) -> None:
    structlog.get_logger("a").warning("unreachable", address=address)
    assert str(_line(written)["address"]) == address.replace("hunter2", "•••")


def test_ids_and_times_stay_readable(written: io.StringIO) -> None:
    ids = {
        "order": 5_678_901_234_567,
        "uuid": "0193a5b2-4155-7555-8010-141555501010",
        "sid": "SM" + "4155550101" * 3,
        "at": "2026-11-23T10:15:30+00:00",
        "money": "1,415.55",
    }
    structlog.get_logger("a").info("kept", **ids)
    line = json.loads(written.getvalue())
    assert {key: line[key] for key in ids} == ids


def test_below_the_level_nothing_is_written(written: io.StringIO) -> None:
    configure_logging("WARNING")
    structlog.get_logger("fresh").info("quiet")
    logging.getLogger("rq.worker").info("quiet")
    assert not written.getvalue()
