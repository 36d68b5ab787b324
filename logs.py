"""One line of JSON for each thing that happened, without anybody's phone number in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# As E.164, as people write it with a country code, and as it stands in a web address.
_PHONE = re.compile(r"(?:\+|%2B)[1-9](?:[ ().-]{0,2}[0-9]){6,14}", re.IGNORECASE)
# As people write it at home; without its separators it could be any number, so it needs them.
_LOCAL_PHONE = re.compile(r"(?<![0-9-])\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9-])")
_SHORTEST_SHOWN_IN_PART = 11
_PASSWORD = re.compile(r"(?<=://)([^/@\s:\"]*):[^/@\s\"]+(?=@)")
_as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
# PostgreSQL adds the whole row to some errors.
_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)


def configure_logging(level: str) -> None:
    """Send everything, ours and the libraries', to standard error through the same masks."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        leave_out_rows,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                as_a_masked_line,
            ],
        )
    )
    # A record that cannot be written would be printed as it is, past the masks.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Gunicorn's own has a handler of its own, past the masks.
    for name in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # The carrier's library logs addresses and fields of each request at INFO.
    for noisy in ("twilio", "urllib3", "httpx", "httpcore", "rq"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
    )


def leave_out_rows(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take the rows out of a database's errors: they are people's names and words."""
    for key, value in entry.items():
        if isinstance(value, str) and "DETAIL:" in value:
            entry[key] = _DETAIL.sub("DETAIL: (left out)", value)
    return entry


def as_a_masked_line(logger: object, method: str, entry: MutableMapping[str, Any]) -> str:
    """Mask the finished line: wherever anyone put a phone or a password, it is in there."""
    line = str(_as_json(logger, method, entry))
    line = _PASSWORD.sub(r"\1:•••", line)
    return _LOCAL_PHONE.sub(_masked, _PHONE.sub(_masked, line))


def _masked(match: re.Match[str]) -> str:
    digits = re.sub("[^0-9]", "", match.group().upper().removeprefix("%2B"))
    if len(digits) < _SHORTEST_SHOWN_IN_PART:
        return f"•••{digits[-2:]}"
    return f"+{digits[:4]}•••{digits[-4:]}"
