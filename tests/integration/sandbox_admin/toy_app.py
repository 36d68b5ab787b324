"""A tiny embedded app in Parley's place, guarded as Shopify's own package guards pages."""

from __future__ import annotations

import threading
import time
from typing import Any

from flask import Flask, Response, request
from markupsafe import escape
from shopify_app import ShopifyApp
from werkzeug.serving import make_server

KEY, SECRET = "toy-key", "a-secret-of-more-than-32-characters"
_PATCH = "/auth/patch-id-token"
_PAGE = """<!doctype html><html lang="en"><head><title>{title}</title>
<script data-api-key="{key}" src="{bridge}"></script><script src="/toy.js" defer></script></head>
<body><s-app-nav><a href="/" rel="home">Home</a><a href="/inbox">Inbox</a>
<a href="/settings">Settings</a></s-app-nav>
<h1>{title}</h1><p id="staff">{staff}</p>
<a href="/inbox">To the inbox</a> <a href="/settings?tab=team">To the settings</a>
<a href="shopify://admin/orders" id="orders">Orders</a>
<button id="ask">Ask</button><button id="late">Ask late</button><button id="toast">Toast</button>
<button id="trouble">Trouble</button><button id="away">Away</button><output id="said"></output>
<form data-save-bar action="#"><input name="word" aria-label="Word"></form></body></html>"""
_SCRIPT = """
const said = document.getElementById('said');
const on = (id, act) => document.getElementById(id).addEventListener('click', act);
const ask = (url) => fetch(url, { method: 'POST', body: new URLSearchParams({ word: 'hi' }) })
  .then((answer) => answer.text()).then((text) => { said.textContent = text; });
on('ask', () => ask('/api/echo'));
on('late', () => ask('/api/echo?late=1'));
on('away', () => ask('/api/away'));
on('toast', () => shopify.toast.show('Saved', { action: 'Undo', onAction: () => { said.textContent = 'undone'; } }));
on('trouble', () => shopify.toast.show('It did not work', { isError: true }));
document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault(); said.textContent = 'saved';
});
"""  # noqa: E501 - a line of the page


class ToyApp:
    """Serves itself on 127.0.0.1; `url` names it as browsers do. `frame` is set once known."""

    def __init__(self) -> None:
        self.frame = ""
        self.tokens: list[str] = []
        self.bounced: list[str] = []
        self._shopify = ShopifyApp(client_id=KEY, client_secret=SECRET)
        app = Flask("toy")
        app.add_url_rule("/", view_func=self._page, endpoint="home")
        app.add_url_rule("/<any(inbox, settings):name>", view_func=self._page)
        app.add_url_rule("/toy.js", view_func=lambda: Response(_SCRIPT, mimetype="text/javascript"))
        app.add_url_rule(_PATCH, view_func=self._patch)
        app.add_url_rule("/api/<what>", view_func=self._api, methods=["POST"])
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://localhost:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _verified(self) -> Any:
        told: Any = {
            "method": request.method, "headers": dict(request.headers), "url": request.url,
            "body": request.get_data(as_text=True),
        }  # fmt: skip
        return self._shopify.verify_app_home_req(told, app_home_patch_id_token_path=_PATCH)

    def _page(self, name: str = "home") -> Response:
        found = self._verified()
        if not found.ok:
            self.bounced.append(request.path)
            return _as_response(found.response)
        self.tokens.append(request.args["id_token"])
        body = _PAGE.format(
            title=name.capitalize(), key=KEY, bridge=f"{self.frame}/app-bridge.js",
            staff=escape(found.user_id),
        )  # fmt: skip
        policy = f"default-src 'self'; script-src 'self' {self.frame}; frame-ancestors {self.frame}"
        return Response(body, headers={"Content-Security-Policy": policy})

    def _patch(self) -> Response:
        script = f'<script data-api-key="{KEY}" src="{self.frame}/app-bridge.js"></script>'
        return Response(
            script, headers={"Content-Security-Policy": f"frame-ancestors {self.frame}"}
        )

    def _api(self, what: str) -> Response:
        found = self._verified()
        if not found.ok or (request.args.get("late") and self._is_first_late()):
            retry = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
            return Response("Unauthorized", 401, retry)
        if what == "away":
            elsewhere = {
                "X-Shopify-API-Request-Failure-Reauthorize-Url": (
                    "https://admin.shopify.com/store/maple-and-rye/products"
                )
            }
            return Response("", 403, elsewhere)
        return Response(f"{found.user_id} said {request.form['word']}")

    def _is_first_late(self) -> bool:
        self.tokens.append(f"late {time.monotonic()}")
        return sum(each.startswith("late") for each in self.tokens) == 1


def _as_response(told: Any) -> Response:
    return Response(told.body, told.status, told.headers)
