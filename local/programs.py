"""The commands of Parley's own processes."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.configuration import Configuration
from local.supervisor import Program


@dataclass(frozen=True)
class Programs:
    """`migrate` and `seed` end by themselves; `lasting` are kept running."""

    migrate: list[str]
    lasting: list[Program]
    seed: list[str] | None = None


def programs_of_parley(configuration: Configuration, environment: Mapping[str, str]) -> Programs:
    """What `make run` starts. The sandbox stops last: workers that drain still send through it."""
    python = [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"]
    numbers = range(1, configuration.workers + 1)
    lasting = [
        # 35 s: gunicorn gives requests 30; a worker's job lasts at most 20.
        Program("web", gunicorn, environment, stage=0, patience=35),
        Program("scheduler", [*python, "jobs.schedule"], environment, stage=0),
        *(
            Program(f"worker-{number}", [*python, "jobs.worker"], environment, stage=1, patience=30)
            for number in numbers
        ),
    ]
    migrate = [*python, "alembic", "upgrade", "head"]
    if configuration.live:
        return Programs(migrate, lasting)
    sandbox = Program("sandbox", [*python, "sandbox"], environment, stage=2)
    return Programs(migrate, [sandbox, *lasting], seed=[*python, "local.seed"])
