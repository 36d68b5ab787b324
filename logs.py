"""One line of JSON for each thing that happened, without anybody's phone number in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_PHONE = re.compile(r"\+[1-9]\d{2,4}\d{4,10}")
_KEPT_HEAD, _KEPT_TAIL = 5, 4


def configure_logging(level: str) -> None:
    """Send everything, ours and the libraries', to standard error through the same masks."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_phones,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # The carrier's library logs addresses and fields of each request at INFO.
    for noisy in ("twilio", "urllib3", "httpx", "httpcore", "rq"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )


def mask_phones(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask every phone number in every value, wherever a library or a traceback put it."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = _PHONE.sub(_masked, value)
    return entry


def _masked(match: re.Match[str]) -> str:
    phone = match.group()
    return f"{phone[:_KEPT_HEAD]}•••{phone[-_KEPT_TAIL:]}"
