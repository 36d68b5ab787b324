"""A sandbox with a toy app: both serve on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from sandbox.app import SandboxSettings, create_app, start, stop
from sandbox.shopify_admin.parts import NAME, Admin
from tests.integration.sandbox_admin.toy_app import KEY, SECRET, ToyApp

MAPLE = "maple-and-rye.myshopify.com"


@pytest.fixture
def toy() -> Iterator[ToyApp]:
    app = ToyApp()
    yield app
    app.close()


@pytest.fixture
def sandbox(tmp_path: Path, toy: ToyApp) -> Iterator[Flask]:
    app = create_app(
        SandboxSettings(
            port=0, data=tmp_path, parley_url=toy.url, api_secret=SECRET, api_key=KEY,
            time_scale=200,
        )
    )  # fmt: skip
    yield app
    stop(app)


@pytest.fixture
def admin(sandbox: Flask) -> Admin:
    found: Admin = sandbox.extensions[NAME]
    return found


@pytest.fixture
def address(sandbox: Flask, toy: ToyApp) -> Iterator[str]:
    """The sandbox over HTTP, named as the frame names it."""
    server = make_server("127.0.0.1", 0, sandbox, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    start(sandbox)
    toy.frame = f"http://localhost:{server.server_port}"
    yield toy.frame
    server.shutdown()
    serving.join()
    server.server_close()
