"""`python -m sandbox`: the whole sandbox on 127.0.0.1:SANDBOX_PORT."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from sandbox.app import SandboxSettings, create_app, start, stop


class _Server(BaseApplication):  # type: ignore[misc]  # untyped base
    """One process: the stand-ins keep timers and queues in its threads."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._app: Flask | None = None
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"127.0.0.1:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 32,
            "timeout": 60,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "parley-sandbox",
            "control_socket_disable": True,
            "worker_exit": self._stop,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Runs in the worker, after the fork: threads begun earlier would not exist there."""
        self._app = create_app(self._settings)
        start(self._app)
        return self._app

    def _stop(self, _server: Any, _worker: Any) -> None:
        if self._app is not None:
            stop(self._app)


if __name__ == "__main__":
    _Server(SandboxSettings.from_environment()).run()
