"""Work that waits for somebody else on the network, so that no transaction may be open meanwhile.

One entry at a time: claimed, read, closed; carried out; then stored, if the claim still holds. A
process that is killed in between leaves the claim to run out, and another begins again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from models import ShopSession
from sms.media.download import DownloadFailedError

# What may be different at the next try; anything else is a bug and is logged as one.
PASSING = (DownloadFailedError,)


class Errand(Protocol):
    """One kind of such work. It must end well before its claim does (`LEASE_SECONDS`)."""

    def begin(self, session: ShopSession, args: Mapping[str, Any], /) -> Any | None:
        """Read what is needed; None where nothing is left to do."""

    def carry_out(self, job: Any, /) -> Any:
        """Do it, without a session."""

    def finish(self, session: ShopSession, job: Any, result: Any, /) -> None:
        """Store what came of it. Commits together with "done"."""

    def give_up(self, session: ShopSession, args: Mapping[str, Any], /) -> None:
        """It failed too often: say so where people look."""
