"""What all admin pages share: the frame around them, their assets, and how they show people."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from admin.words import counted, phone_words
from services import Services
from shopify.auth import APP_BRIDGE

ROOT = Path(__file__).resolve().parent.parent
HTMX = ROOT / "node_modules" / "htmx.org" / "dist"

# What the others build on; the sheets of single pages follow.
FIRST_SHEETS = ("tokens.css", "base.css", "components.css", "lists.css", "forms.css")

_A_YEAR = 31_536_000
_COLOURS = 7


@dataclass(frozen=True, slots=True)
class Shell:
    """What `templates/admin/base.html` needs besides the page itself."""

    api_key: str
    app_bridge_url: str
    htmx_url: str
    stylesheets: tuple[str, ...]
    scripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Toast:
    """A word in passing about what was just done."""

    text: str
    is_error: bool = False


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the shell's assets, filters and names to the admin's pages."""
    shell = Shell(
        api_key=services.settings.shopify_api_key,
        app_bridge_url=services.settings.app_bridge_url or APP_BRIDGE,
        htmx_url=f"/assets/htmx.js?v={fingerprint(HTMX / 'htmx.min.js')}",
        stylesheets=_named(FIRST_SHEETS, "*.css"),
        scripts=_named(("app.js",), "*.js"),
    )
    blueprint.app_template_global("asset")(asset)
    blueprint.app_template_filter("initials")(initials)
    blueprint.app_template_filter("colour_of")(colour_of)
    blueprint.app_template_filter("phone")(phone_words)
    blueprint.app_template_global("counted")(counted)
    blueprint.context_processor(lambda: {"shell": shell, "toast": None})
    blueprint.after_app_request(keep_what_never_changes)
    blueprint.register_error_handler(HTTPException, explain)


def _named(first: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    """Name all files of a kind, some of them first: a page that is swapped in brings no head."""
    found = sorted(path.name for path in (ROOT / "static" / "admin").glob(pattern))
    return tuple(f"admin/{name}" for name in (*first, *(n for n in found if n not in first)))


def explain(error: HTTPException) -> tuple[str, int]:
    """Show what went wrong within the frame, so that the way on stays in sight."""
    code = error.code or 500
    sentence = SENTENCES.get(code) or error.description or "Please try again in a moment."
    heading = HEADINGS.get(code, error.name)
    return render_template("admin/error.html", heading=heading, sentence=sentence), code


HEADINGS = {404: "This is not here", 405: "This cannot be done here"}
SENTENCES = {
    404: "It may have been removed, or the link is not complete.",
    405: "Open the page again from the menu, and try once more.",
}


def at(page: str, path: str) -> Response:
    """Answer a form with a page, and show that page's own address rather than the form's."""
    response = Response(page)
    response.headers["HX-Replace-Url"] = path
    return response


def keep_what_never_changes(response: Response) -> Response:
    """Let browsers keep files whose address names their contents."""
    names_contents = "v" in request.args and request.path.startswith(("/static/", "/assets/"))
    if names_contents and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response


def asset(name: str) -> str:
    """Return the address of a file in static/, with its contents' fingerprint in it."""
    return url_for("static", filename=name, v=fingerprint(ROOT / "static" / name))


@lru_cache(maxsize=256)
def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def initials(name: str) -> str:
    """Return one or two letters that stand for a name; "#" where it has none (a bare number)."""
    words = [word for word in name.split() if word[0].isalpha()]
    if not words:
        return "#"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def colour_of(key: object) -> int:
    """Return the same of the avatar's colours, from 1 on, for the same person every time."""
    return zlib.crc32(str(key).encode()) % _COLOURS + 1
