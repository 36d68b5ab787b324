"""Small files: the end of a log, and secrets only their owner may read."""

from pathlib import Path


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log file, or nothing if it cannot be read."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all: half a key is worse than none."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
