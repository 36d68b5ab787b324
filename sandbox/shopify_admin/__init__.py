"""The admin of the store stand-in: tokens for the app, the API, and the frame around its pages."""

from __future__ import annotations

from flask import Flask

from sandbox.shopify_admin.api.endpoint import graphql
from sandbox.shopify_admin.app_config import AppConfig
from sandbox.shopify_admin.control import control
from sandbox.shopify_admin.frame import frame
from sandbox.shopify_admin.grants import Grants
from sandbox.shopify_admin.install import install
from sandbox.shopify_admin.oauth import oauth
from sandbox.shopify_admin.parts import NAME, Admin
from sandbox.store import Store

__all__ = ["Admin", "AppConfig", "Grants", "register"]


def register(app: Flask, *, store: Store, config: AppConfig, grants: Grants) -> Admin:
    """Add the admin's addresses to the sandbox."""
    admin = Admin(store, config, grants)
    app.extensions[NAME] = admin
    for blueprint in (oauth, install, graphql, control, frame):
        app.register_blueprint(blueprint)
    return admin
