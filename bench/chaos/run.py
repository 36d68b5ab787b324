"""One run: set up, storm, calm, comparison."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.chaos import evidence as reading
from bench.chaos.crew import Crew, Look
from bench.chaos.plan import make_plan
from bench.chaos.storm import Storm
from bench.chaos.verdict import Verdict, judge
from bench.machines import Machines
from bench.world import Busy

WORKERS = 3
FEWEST_RECIPIENTS, FEWEST_KILLS, FEWEST_FLUSHES = 500, 20, 2
# Twice what a run takes in all on two quiet cores; a machine shared with others needs some of it.
QUIET_WITHIN_SECONDS = 480.0
# Short waits, so that a run takes minutes: plain settings, which anyone may set.
SETTINGS = {
    "SWEEP_INTERVAL_SECONDS": "1",
    "CARRIER_TIMEOUT_SECONDS": "2",
    "SENDING_STALE_AFTER_SECONDS": "5",
    "RECONCILE_ABSENT_AFTER_SECONDS": "3",
    "WEB_CONCURRENCY": "2",
    "LOG_LEVEL": "INFO",
}
TIMES_OUT, ANSWERS_500 = 0.05, 0.02
# The first rule that strikes wins, so the second one's luck is among what the first left over.
FAULTS = [
    {"fault": "timeout_after_accept", "probability": TIMES_OUT, "seconds": 4.0},
    {"fault": "error_after_accept", "probability": ANSWERS_500 / (1 - TIMES_OUT), "status": 500},
    # An ordinary carrier answers in 80 to 200 ms: time enough to be killed in a request.
    {"fault": "slow", "probability": 0.7, "seconds": 0.2},
    {"fault": "no_callbacks", "probability": 0.08},
    {"fault": "callbacks_reversed", "probability": 0.1},
    {"fault": "callbacks_repeated", "probability": 0.05},
    {"fault": "callback_before_answer", "probability": 0.05},
]
# Seconds to each status, give or take 90%: some callbacks come late.
PACE = {"sending": 0.3, "sent": 1.5, "delivered": 3.0, "undelivered": 3.0, "jitter": 0.9}


class StuckError(Exception):
    """It did not become quiet in time; `stuck` lists what is still due or in doubt."""

    def __init__(self, stuck: list[str]) -> None:
        super().__init__(f"{len(stuck)} things are not at rest after {QUIET_WITHIN_SECONDS:g} s")
        self.stuck = stuck


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `problems` are reasons to fail beside duplicates and losses."""

    verdict: Verdict
    kills: int
    flushes: int
    seconds: float
    problems: list[str]

    @property
    def passed(self) -> bool:
        return not (self.verdict.duplicates or self.verdict.lost or self.problems)

    def line(self) -> str:
        found = self.verdict
        return (
            f"chaos: recipients={found.recipients} kills={self.kills} flushes={self.flushes} "
            f"duplicates={found.duplicates} lost={found.lost} unknown={found.unknown} "
            f"seconds={self.seconds:.0f}"
        )


class Run:
    """A run with one seed. Whoever makes it stops the machines."""

    def __init__(self, machines: Machines, *, seed: int, say: Callable[[str], None]) -> None:
        self._machines, self._seed, self._say = machines, seed, say
        self._began = time.monotonic()

    def to_the_end(self) -> Outcome:
        machines, now = self._machines, datetime.now(UTC)
        plan = make_plan(machines.busy.world, random.Random(f"plan {self._seed}"), now=now)
        self._say(f"{len(plan.webhooks)} webhooks, {len(plan.expected)} milestones. Starting ...")
        self._start(installed_at=now - timedelta(hours=1))
        crew = Crew(machines, size=WORKERS)
        storm = Storm(machines, plan, crew, seed=self._seed, say=self._say)
        with machines.look() as look:
            stuck: list[str] = []
            try:
                storm.run(lambda given_up: self._wait_until_quiet(look, given_up))
            except StuckError as error:
                stuck = error.stuck
            found = reading.gather(machines, plan, storm.answers, look)
            verdict = judge(found)
            self._tell(storm, crew, look)
        self._keep(found, verdict, stuck)
        return Outcome(
            verdict=verdict,
            kills=crew.toll.kills,
            flushes=storm.flushes,
            seconds=time.monotonic() - self._began,
            problems=_problems(verdict, crew, storm, stuck),
        )

    def _start(self, *, installed_at: datetime) -> None:
        machines = self._machines
        machines.start_servers()
        database = machines.database()
        machines.busy.connect(database, now=installed_at)
        database.dispose()
        machines.start_carrier()
        machines.control("faults", {"seed": self._seed, "rules": FAULTS})
        machines.control("pace", PACE)
        machines.start_web()
        machines.start_scheduler()

    def _wait_until_quiet(self, look: Look, given_up: threading.Event) -> None:
        deadline = time.monotonic() + QUIET_WITHIN_SECONDS
        quiet_looks, told = 0, time.monotonic()
        stuck: list[str] = []
        while time.monotonic() < deadline:
            self._machines.check()
            stuck = reading.what_is_not_at_rest(look)
            at_rest = not stuck and reading.carrier_is_at_rest(self._machines)
            quiet_looks = quiet_looks + 1 if at_rest else 0
            # Twice: what rests at one moment may be a callback away from moving.
            if quiet_looks == 2:
                return
            if time.monotonic() - told > 10:
                told = time.monotonic()
                self._say(f"{len(stuck)} things are under way.")
            if given_up.wait(1):
                return
        raise StuckError(stuck)

    def _tell(self, storm: Storm, crew: Crew, look: Look) -> None:
        toll, met = crew.toll, reading.faults_met(self._machines)
        self._say(
            f"{toll.in_transaction} of {toll.kills} kills fell in an open transaction; they left "
            f"{toll.requests_orphaned} requests without their sender."
        )
        self._say("The carrier: " + ", ".join(f"{n} x {fault}" for fault, n in met.items()) + ".")
        if storm.repeated:
            self._say(f"{storm.repeated} webhooks were not answered with 200 at once.")
        for sentence in reading.what_was_given_up(look):
            self._say(f"Given up: {sentence}")

    def _keep(self, found: object, verdict: Verdict, stuck: list[str]) -> None:
        """Put both sides beside the logs, for whoever looks into a failure."""
        folder = self._machines.logs
        evidence = asdict(found)  # type: ignore[call-overload]  # mypy cannot see that it is a dataclass
        evidence["milestones"] = [[*key, *row.values()] for key, row in
                                  evidence["milestones"].items()]  # fmt: skip
        (folder / "evidence.json").write_text(json.dumps(evidence, indent=1, default=list))
        lines = [*verdict.findings, *(f"stuck: {each}" for each in stuck)]
        (folder / "findings.txt").write_text("\n".join(lines) + "\n")


def _problems(verdict: Verdict, crew: Crew, storm: Storm, stuck: list[str]) -> list[str]:
    problems = [f"stuck: {each}" for each in stuck]
    if verdict.recipients < FEWEST_RECIPIENTS:
        problems.append(f"only {verdict.recipients} texts were due, not {FEWEST_RECIPIENTS}")
    if crew.toll.kills < FEWEST_KILLS:
        problems.append(f"only {crew.toll.kills} kills while texts were due, not {FEWEST_KILLS}")
    if storm.flushes < FEWEST_FLUSHES:
        problems.append(f"only {storm.flushes} flushes, not {FEWEST_FLUSHES}")
    if crew.toll.died_by_themselves:
        problems.append(f"{crew.toll.died_by_themselves} workers ended by themselves")
    return problems


def new_machines(folder: Path) -> Machines:
    """Four shops of 240 people. Ten segments a second and shop: work for about a minute."""
    busy = Busy.of(shop_count=4, people_count=240, segments_per_second=10)
    return Machines(folder, busy, settings=SETTINGS)
