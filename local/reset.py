"""`make reset`: deletes the data of the embedded services, never while they are in use."""

import os
import shutil
import signal
import sys
from pathlib import Path

from local.configuration import environment_with_dotenv, home_folder
from local.errors import LocalError
from local.home import the_only_run
from local.processes import stop_leftovers

# By name, never the whole folder: PARLEY_HOME may point at one with other things in it.
OURS = ("postgres", "valkey", "sandbox", "sandbox.env", "children.json")


def clear(home: Path) -> list[str]:
    """Delete what Parley keeps in `home`, returning the names. Raises LocalError if it runs."""
    if not home.exists():
        return []
    with the_only_run(home, note=f"being reset by process {os.getpid()}"):
        # A run that was killed may have left its servers: they must not write while we delete.
        stop_leftovers(home / "children.json", polite=signal.SIGTERM)
        stop_leftovers(home / "postgres" / "pid.json", polite=signal.SIGINT)
        stop_leftovers(home / "valkey" / "pid.json", polite=signal.SIGTERM)
        found = [name for name in OURS if (home / name).exists()]
        for name in found:
            path = home / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return found


def main() -> int:
    home = home_folder(environment_with_dotenv())
    try:
        found = clear(home)
    except LocalError as error:
        print(f"reset: {error}", file=sys.stderr)
        return error.code
    print(f"Deleted the data in {home}." if found else f"There are no data in {home}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
