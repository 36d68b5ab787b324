"""The way of a page without a session token: to App Bridge and back, and never anywhere else."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_plus

PATH = "/auth/patch-id-token"
# App Bridge loads this address again, with a fresh token.
RELOAD = "shopify-reload"
# When a page was sent away, in Unix seconds. Coming back within this time without a token that
# works means that going again would not help: the page would reload for ever.
BOUNCED_AT = "bounced-at"
HOPELESS_WITHIN_SECONDS = 10

# One slash: with two, and with a backslash or a control character, it is another site's address.
_WRITTEN = "!$%&'()*+,-./:;=?@_~[]{}|^`\"<>"
_PATH_OF_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def location(path: str, query: str, *, now: float) -> str:
    """Return where to send a page, so that App Bridge brings it back with path and query."""
    kept = _without(query, "id_token", RELOAD, BOUNCED_AT)
    stamp = f"{BOUNCED_AT}={int(now)}"
    wanted = f"{quote(path)}?{kept}&{stamp}" if kept else f"{quote(path)}?{stamp}"
    reload = f"{RELOAD}={quote(wanted, safe='')}"
    # App Bridge reads shop and host from the address of the page that it is on.
    return f"{PATH}?{kept}&{reload}" if kept else f"{PATH}?{reload}"


def just_came_back(query: str, *, now: float) -> bool:
    """Say whether App Bridge has only just been asked."""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == BOUNCED_AT and value.isdecimal() and len(value) <= 12:
            return abs(now - int(value)) < HOPELESS_WITHIN_SECONDS
    return False


def is_path_of_ours(wanted: str) -> bool:
    return _PATH_OF_OURS.fullmatch(wanted) is not None


def _without(query: str, *names: str) -> str:
    """Drop parameters, and leave the others exactly as they were written."""
    pairs = [pair for pair in quote(query, safe=_WRITTEN).split("&") if pair]
    return "&".join(pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in names)
