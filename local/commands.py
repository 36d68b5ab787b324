"""Steps that end, such as a migration, watched while they run."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def run_to_the_end(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    give_up: Callable[[], None],
) -> tuple[int, str]:
    """Exit status and the last lines of output.

    `give_up` is asked all the while, and may raise: the command is then ended first.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                give_up()
                time.sleep(0.05)
        except BaseException:
            process.terminate()  # a migration rolls back when its connection goes
            process.wait()
            raise
        output.seek(0)
        return process.returncode, "\n".join(output.read().splitlines()[-15:])
