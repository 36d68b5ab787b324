"""One run: everything Parley needs, in the order of things, until Ctrl-C."""

import os
import signal
import sys
import time
from collections.abc import Callable

from local.checks import (
    check_database,
    check_ports,
    check_queue,
    check_settings,
    healthz,
    why_not_parley,
)
from local.commands import run_to_the_end
from local.configuration import ROOT, Configuration, read_configuration
from local.errors import ExitCode, LocalError
from local.home import the_only_run
from local.interrupts import Interrupted, Interrupts
from local.postgres import Postgres
from local.processes import port_answers, stop_leftovers
from local.programs import Programs, programs_of_parley
from local.supervisor import Supervisor, say
from local.valkey import Valkey

HEALTH_TIMEOUT_SECONDS = 90.0
PUBLIC_URL_TIMEOUT_SECONDS = 10.0
TICK_SECONDS = 0.2
STEADY_SECONDS = 1.0  # a program with a bad import is mostly dead by then


class Run:
    """One run, from the first check to the last process stopped."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        programs: Callable[[Configuration, dict[str, str]], Programs],
    ) -> None:
        self.configuration = configuration
        self.environment = dict(configuration.environment)
        self.choose_programs = programs
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.supervisor = Supervisor(record=configuration.home / "children.json", folder=ROOT)
        self.interrupts = Interrupts(at_once=self.kill_everything)

    def until_stopped(self) -> None:
        """Start, say that it is ready, look after it. Returns after an orderly stop.

        Raises LocalError when Parley cannot run, Interrupted when stopped before it was ready.
        """
        with self.interrupts.caught():
            try:
                self.start()
                self.look_after()
            finally:
                self.stop()

    def start(self) -> None:
        self.clear_what_a_killed_run_left()
        check_ports(self.configuration)
        self.prepare_services()
        check_settings(self.environment)
        self.interrupts.raise_if_stop_wanted()
        self.start_services()
        programs = self.choose_programs(self.configuration, self.environment)
        say("Bringing the tables up to date ...")
        self.run(programs.migrate, ExitCode.MIGRATION_FAILED, "The tables cannot be migrated")
        names = [program.name for program in programs.lasting]
        say(f"Starting {', '.join(names[:-1])} and {names[-1]} ...")
        for program in programs.lasting:
            self.supervisor.start(program)
        if programs.seed:
            self.wait_for_sandbox()
            say("Connecting the sandbox's two shops ...")
            self.run(programs.seed, ExitCode.SEED_FAILED, "The sandbox's shops cannot be connected")
        self.wait_for_health()
        if self.configuration.live:
            self.check_public_url()
        say(f"Parley is ready: open {self.configuration.open_url} (Ctrl-C stops it)")

    def look_after(self) -> None:
        while not self.interrupts.stop_wanted:
            self.revive_services()
            self.supervisor.look_after_children()
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """In order: web and scheduler, workers drain, sandbox; then Valkey and PostgreSQL."""
        started = bool(self.supervisor.children) or any(
            service is not None and service.alive for service in (self.valkey, self.postgres)
        )
        if started:
            say("Stopping (Ctrl-C again: at once) ...")
        self.supervisor.stop_children()
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()
        if started:
            say("Parley has stopped.")

    def kill_everything(self) -> None:
        self.supervisor.kill_children()
        if self.valkey and self.valkey.process:
            self.valkey.process.kill()
        if self.postgres and self.postgres.process:
            # Its immediate shutdown: backends go, too, and the next start replays the log.
            self.postgres.process.send_signal(signal.SIGQUIT)

    def clear_what_a_killed_run_left(self) -> None:
        found = stop_leftovers(self.supervisor.record, polite=signal.SIGTERM)
        if found:
            say(f"Stopped {found} processes of an earlier run that was killed.")

    def prepare_services(self) -> None:
        home = self.configuration.home
        if "DATABASE_URL" not in self.environment:
            self.postgres = Postgres(home / "postgres", port=self.configuration.postgres_port)
            self.environment["DATABASE_URL"] = self.postgres.url
        if "REDIS_URL" not in self.environment:
            self.valkey = Valkey(home / "valkey", port=self.configuration.valkey_port)
            self.environment["REDIS_URL"] = self.valkey.url

    def start_services(self) -> None:
        if self.postgres:
            first = not self.postgres.data.exists()
            say("Creating and starting PostgreSQL ..." if first else "Starting PostgreSQL ...")
            self.postgres.start()
        else:
            check_database(self.environment["DATABASE_URL"])
        self.interrupts.raise_if_stop_wanted()
        if self.valkey:
            say("Starting Valkey ...")
            self.valkey.start()
        else:
            check_queue(self.environment["REDIS_URL"])
        self.interrupts.raise_if_stop_wanted()

    def revive_services(self) -> None:
        if self.postgres and not self.postgres.alive:
            if not self.postgres.data.exists():
                raise LocalError(
                    ExitCode.DATABASE_FAILED,
                    f"The data of the database, {self.postgres.data}, were deleted while Parley "
                    "ran; the next `make run` begins with an empty database.",
                )
            say("PostgreSQL has stopped; starting it again.")
            self.postgres.start()
        if self.valkey and not self.valkey.alive:
            say("Valkey has stopped; starting it again.")
            self.valkey.start()

    def run(self, command: list[str], code: ExitCode, sentence: str) -> None:
        """A step that ends. Raises LocalError(code), or Interrupted."""
        status, output = run_to_the_end(
            command, environment=self.environment, folder=ROOT, give_up=self.give_up
        )
        if status != 0:
            raise LocalError(code, f"{sentence}: exit code {status}.", detail=output)

    def give_up(self) -> None:
        """What every wait asks: is there a reason to wait no longer?"""
        self.interrupts.raise_if_stop_wanted()
        self.supervisor.look_after_children()

    def wait_for(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.give_up()
            if ready():
                return True
            time.sleep(TICK_SECONDS)
        return False

    def wait_for_sandbox(self) -> None:
        port = self.configuration.sandbox_port
        if not self.wait_for(lambda: port_answers(port), seconds=30):
            raise LocalError(
                ExitCode.NOT_HEALTHY, f"The sandbox does not answer on port {port} after 30 s."
            )

    def wait_for_health(self) -> None:
        url = f"http://127.0.0.1:{self.configuration.port}"
        last: list[object] = []

        def well() -> bool:
            status, answer = healthz(url)
            last[:] = [answer]
            return status == 200 and self.supervisor.all_up_for(STEADY_SECONDS)

        if not self.wait_for(well, seconds=HEALTH_TIMEOUT_SECONDS):
            raise LocalError(
                ExitCode.NOT_HEALTHY,
                f"Parley is not well after {HEALTH_TIMEOUT_SECONDS:g} s; "
                f"{url}/healthz says: {last[0]}",
            )

    def check_public_url(self) -> None:
        public_url = self.environment["PUBLIC_URL"]
        say(f"Looking whether {public_url} leads here ...")
        reason: str | None = None

        def leads_here() -> bool:
            nonlocal reason
            reason = why_not_parley(public_url)
            return reason is None

        if not self.wait_for(leads_here, seconds=PUBLIC_URL_TIMEOUT_SECONDS):
            port = self.configuration.port
            raise LocalError(
                ExitCode.PUBLIC_URL_FAILED,
                f"PUBLIC_URL ({public_url}) does not lead to this Parley: {reason}. "
                f"Start the tunnel first, e.g. `cloudflared tunnel --url http://localhost:{port}` "
                f"or `ngrok http {port}`, and set PUBLIC_URL to the address it shows.",
            )


def run_parley(
    programs: Callable[[Configuration, dict[str, str]], Programs] = programs_of_parley,
) -> int:
    """Exit code of `make run`; every expected failure is one sentence on stderr."""
    try:
        configuration = read_configuration()
        note = f"process {os.getpid()}, {configuration.open_url}"
        with the_only_run(configuration.home, note=note):
            Run(configuration, programs=programs).until_stopped()
    except (Interrupted, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except LocalError as error:
        if error.detail:
            print(error.detail, file=sys.stderr)
        print(f"parley: {error}", file=sys.stderr)
        return error.code
    return 0
