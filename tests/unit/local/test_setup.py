"""`make setup` on machines that lack something: one sentence, a code, and nothing half made."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OLD = "#!/bin/sh\ncase $2 in *print*) echo 3.9 ;; *exit*) exit 1 ;; esac\n"
BARE = "#!/bin/sh\ncase $2 in *print*) echo 3.12 ;; *ensurepip*) exit 1 ;; esac\n"


@pytest.mark.parametrize(
    ("python", "code", "sentence"),
    [
        (None, 4, "setup: Parley needs Python 3.11 or newer, and this machine has none."),
        (OLD, 4, "setup: Parley needs Python 3.11 or newer, and this machine has 3.9."),
        (
            BARE,
            3,
            (
                "setup: Python 3.12 is here but cannot make virtual environments; "
                "on Debian or Ubuntu run: apt install python3.12-venv"
            ),
        ),
    ],
)
def test_a_machine_without_a_fit_python_is_told_so(
    tmp_path: Path, python: str | None, code: int, sentence: str
) -> None:
    shell = shutil.which("sh")
    assert shell
    tools = tmp_path / "bin"
    tools.mkdir()
    if python:
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
    done = subprocess.run(
        [shell, str(ROOT / "local" / "setup.sh"), "python"],
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stderr.strip() == sentence
    assert not (tmp_path / ".venv").exists()


def test_make_help_lists_every_target_with_a_sentence() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    (phony,) = [line for line in (ROOT / "Makefile").read_text().splitlines() if ".PHONY" in line]
    listed = {line.split()[1] for line in shown.stdout.splitlines()}
    assert listed == set(phony.removeprefix(".PHONY:").split())
    assert all(len(line.split()) > 3 for line in shown.stdout.splitlines())
