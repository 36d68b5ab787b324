"""Keeps files short: `python -m local.lengths` names the source files with over 300 lines."""

import subprocess
import sys
from pathlib import Path

LIMIT = 300
KINDS = {".css", ".html", ".js", ".liquid", ".py", ".sh", ".sql"}


def too_long(root: Path) -> list[tuple[str, int]]:
    """Path and length of each source file git knows, or would add, that is over the limit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    found = []
    for name in listed.stdout.split("\0"):
        path = root / name
        if path.suffix in KINDS and path.is_file():
            length = len(path.read_text(encoding="utf-8").splitlines())
            if length > LIMIT:
                found.append((name, length))
    return found


def main() -> int:
    long = too_long(Path.cwd())
    for name, length in long:
        print(f"{name} has {length} lines; at most {LIMIT}, so that one can hold it in the head.")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
