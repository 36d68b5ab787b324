"""Which system account PostgreSQL runs under: it refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.errors import ExitCode, LocalError

# initdb and the server look at the messages' language and at PG* variables: give them neither.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True)
class Account:
    """How to start a program: as ourselves, or for root as the unprivileged `uid`:`gid`."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def give(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run to the end; stdout and stderr together in `stdout`."""
        return subprocess.run(
            [*self.prefix, *command],
            user=None if self.prefix else self.uid,
            group=None if self.prefix else self.gid,
            extra_groups=self._extra_groups(),
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            check=False,
        )

    def start(self, command: list[str], *, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start in a session of its own, so that Ctrl-C in the terminal does not reach it."""
        return subprocess.Popen(
            [*self.prefix, *command],
            user=None if self.prefix else self.uid,
            group=None if self.prefix else self.gid,
            extra_groups=self._extra_groups(),
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _extra_groups(self) -> list[int] | None:
        return [] if self.uid is not None and not self.prefix else None


def account_for(data: Path, *must_reach: Path) -> Account:
    """Ourselves, or for root the account that owns `data` or shall own it.

    When a folder on the way is closed to other accounts (root's home, a temporary folder), the
    account keeps the one capability to pass it, rather than that we open folders which are not
    ours. Raises LocalError(MISSING_TOOL) where that cannot be done.
    """
    if os.geteuid() != 0:
        return Account()
    owner = _unprivileged_owner(data)
    if all(_open_to_others(path) for path in must_reach):
        return Account(owner.pw_uid, owner.pw_gid)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LocalError(
            ExitCode.MISSING_TOOL,
            "PostgreSQL refuses to run as root, and this folder is closed to other accounts: "
            "run as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.",
        )
    # no_setuid_fixup: else access(2) answers for the account without its capability.
    keep_one_capability = (
        setpriv,
        f"--reuid={owner.pw_uid}",
        f"--regid={owner.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",
        "--",
    )
    return Account(owner.pw_uid, owner.pw_gid, keep_one_capability)


def _unprivileged_owner(data: Path) -> pwd.struct_passwd:
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    for name in ("postgres", "nobody"):  # one of them is on every Unix; we create no accounts
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LocalError(
        ExitCode.MISSING_TOOL,
        "PostgreSQL refuses to run as root and there is no account `postgres` or `nobody`: "
        "run as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.",
    )


def _open_to_others(path: Path) -> bool:
    real = path.resolve()
    if not real.stat().st_mode & stat.S_IROTH:
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in real.parents)
