"""What can go wrong before Parley runs: one sentence and one exit code each."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `python -m local.run` and `local.reset` (make prints them as `Error N`)."""

    MISSING_TOOL = 11
    BAD_SETTING = 12
    PORT_IN_USE = 13
    ALREADY_RUNNING = 14
    DATABASE_FAILED = 15
    QUEUE_FAILED = 16
    MIGRATION_FAILED = 17
    PROCESS_FAILED = 18
    NOT_HEALTHY = 19
    PUBLIC_URL_FAILED = 20
    SEED_FAILED = 21
    INTERRUPTED = 130  # what a shell reports for Ctrl-C; only when pressed before Parley was ready


class LocalError(Exception):
    """An expected failure. `str()` is the sentence a person reads; `detail` are lines of output."""

    def __init__(self, code: ExitCode, sentence: str, *, detail: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.detail = detail
