"""Reading the end of a log."""

from pathlib import Path


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log file, or nothing if it cannot be read."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
