"""The Flask factory: routes, error pages, security headers."""

from __future__ import annotations

import sys
import uuid

import structlog
from flask import Flask, Response, render_template, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import BadRequest, HTTPException

import admin
import commands
from logs import configure_logging
from models.session import DatabaseError
from public import health, media, pages
from route_access import open_to_all
from services import Services, build_services
from settings import SettingsError, load_settings
from shopify import webhooks as shopify_webhooks
from sms.carriers import webhooks as carrier_webhooks

log = structlog.get_logger(__name__)

# Orders with hundreds of lines reach some megabytes; carriers' forms stay under a few kilobytes.
LARGEST_BODY_BYTES = 4 * 1024 * 1024
LARGEST_FORM_BYTES = 256 * 1024

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Only where the address is https: a browser would refuse a plain one for a year.
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def create_app(services: Services | None = None) -> Flask:
    """Make the web application, from the environment's settings unless services are given.

    Raises:
        SystemExit: a setting is missing or unusable; the sentences are on standard error.
    """
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY_BYTES, MAX_FORM_MEMORY_SIZE=LARGEST_FORM_BYTES
    )
    open_to_all("style sheets and pictures of the public pages")(app.view_functions["static"])
    commands.register(app)
    if services is None:
        if commands.needs_no_services(sys.argv):
            return app
        services = _services_from_the_environment()
    app.extensions["parley"] = services
    app.register_blueprint(health.create_blueprint(services))
    # Before the public pages: both answer at the bare address, and the first one is asked.
    app.register_blueprint(admin.create_blueprint(services))
    app.register_blueprint(services.merchant_auth.create_blueprint())
    app.register_blueprint(pages.create_blueprint())
    app.register_blueprint(media.create_blueprint(services))
    app.register_blueprint(shopify_webhooks.create_blueprint(services.shopify_intake))
    app.register_blueprint(
        carrier_webhooks.create_blueprint(
            services.carrier_intake, public_url=services.settings.public_url
        )
    )
    _add_headers(app, secure=services.settings.public_url.startswith("https://"))
    _add_error_pages(app)
    return app


def _services_from_the_environment() -> Services:
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        return build_services(settings)
    except (SettingsError, DatabaseError) as problem:
        sys.stderr.write(f"{problem}\n")
    raise SystemExit(2)


def _add_headers(app: Flask, *, secure: bool) -> None:
    @app.before_request
    def name_the_request() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:16])

    @app.after_request
    def add_security_headers(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
        return response


def _add_error_pages(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[str, int, dict[str, str]]:
        # The methods allowed after a 405, the wait after a 429; the page brings its own type.
        told = {name: text for name, text in error.get_headers() if name != "Content-Type"}
        return render_template("error.html", error=error), error.code or 500, told

    @app.errorhandler(ParseException)
    @app.errorhandler(NoMoreData)
    @app.errorhandler(ConnectionError)
    def hung_up(_error: Exception) -> tuple[str, int, dict[str, str]]:
        return explain(BadRequest("The request's body did not arrive whole."))

    @app.errorhandler(Exception)
    def hide(error: Exception) -> tuple[str, int]:
        # Never the trace: it holds people's numbers and our secrets.
        log.error("request_failed", path=request.path, exc_info=error)
        return render_template("error.html", error=None), 500
