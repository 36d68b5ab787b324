"""`python -m bench.chaos [--seed N]`: 0 only if nobody got a text twice and none was lost."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from bench.chaos.run import Outcome, Run, new_machines
from bench.chaos.storm import StormError
from bench.machines import MachineError
from local.errors import LocalError

SHOWN_FINDINGS = 40
INTERRUPTED = 130


def main() -> int:
    seed = _options().seed
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))

    def say(sentence: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {sentence}", flush=True)

    machines = new_machines(folder)
    say(f"Seed {seed}; the logs are in {machines.logs}")
    passed, keep_logs = False, True
    try:
        try:
            outcome = Run(machines, seed=seed, say=say).to_the_end()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is stopping; twice is no faster
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            machines.stop()
        passed = outcome.passed
        _report(outcome, machines.logs)
        keep_logs = not passed
    except KeyboardInterrupt:
        keep_logs = False
        say("Stopped.")
        return INTERRUPTED
    except (LocalError, MachineError, StormError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        print(f"Logs: {machines.logs}", file=sys.stderr)
    finally:
        _clean(folder, keep_logs=keep_logs)
    return 0 if passed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 1))
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _report(outcome: Outcome, logs: Path) -> None:
    sentences = [*outcome.problems, *outcome.verdict.findings]
    for sentence in sentences[:SHOWN_FINDINGS]:
        print(f"        {sentence}")
    if len(sentences) > SHOWN_FINDINGS:
        print(f"        ... and {len(sentences) - SHOWN_FINDINGS} more")
    if not outcome.passed:
        print(f"        Logs, rows and the carrier's texts: {logs}")
    print(outcome.line(), flush=True)


def _clean(folder: Path, *, keep_logs: bool) -> None:
    """Keep only the logs, and those only if they are needed."""
    for name in ("postgres", "valkey"):
        log = folder / name / f"{name}.log"
        if keep_logs and log.exists():
            shutil.copy(log, folder / "logs")
        shutil.rmtree(folder / name, ignore_errors=True)
    if not keep_logs:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
