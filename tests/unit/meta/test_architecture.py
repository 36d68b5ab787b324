"""The rooms and who may know whom (docs/architecture.md), read from the source itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.unit.meta import rules
from tests.unit.meta.source import OUR_SHOPIFY, Module, everything, of_text, product

Rule = Callable[[Module], Iterator[str]]

RULES: list[Rule] = [
    rules.direction,
    rules.queue_free,
    rules.homes_of_libraries,
    rules.the_shopify_library_stays_inside,
    rules.no_global_session,
    rules.nothing_around_is_needed,
    rules.no_imports_by_name,
    rules.only_the_gate_clears,
    rules.only_dispatch_sends,
]


def _named(rule: Rule) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", RULES, ids=_named)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    broken = [line for module in product() for line in rule(module)]
    assert not broken, "\n".join(broken)


def test_every_source_file_is_short() -> None:
    assert not [line for module in everything() for line in rules.at_most_300_lines(module)]


def test_the_walk_sees_the_product() -> None:
    """A walk that finds nothing would keep every rule."""
    paths = {module.path for module in product()}
    assert {"app.py", "models/session.py", rules.GATE, rules.DISPATCH} <= paths
    assert not any(path.startswith(("tests/", "sandbox/", "node_modules/")) for path in paths)


def test_our_modules_leave_the_librarys_names_alone() -> None:
    assert not OUR_SHOPIFY & rules.LIBRARY_NAMES


# What each rule is for: a line that must not come back, and where it was put.
BROKEN: list[tuple[Rule, str, str]] = [
    (rules.direction, "models/x.py", "from sms.numbers import parse"),
    (rules.direction, "public/x.py", "import jobs.heartbeat"),
    (rules.direction, "jobs/x.py", "from public import health"),
    (rules.direction, "sms/inbox/x.py", "from shopify.orders import take_in"),
    (rules.direction, "newroom/x.py", ""),
    (rules.queue_free, "sms/x.py", "def f():\n    import rq"),
    (rules.queue_free, "shopify/x.py", "from wakeups import WakeUpCalls"),
    (rules.homes_of_libraries, "sms/inbox/x.py", "from flask import request"),
    (rules.homes_of_libraries, "jobs/x.py", "import twilio.rest"),
    (rules.homes_of_libraries, "admin/x.py", "import shopify_app"),
    (rules.homes_of_libraries, "public/x.py", "from redis import Redis"),
    (rules.the_shopify_library_stays_inside, "jobs/x.py", "from shopify import session_token"),
    (rules.the_shopify_library_stays_inside, "jobs/x.py", "import shopify.resources.shop"),
    (rules.the_shopify_library_stays_inside, "jobs/x.py", "import shopify"),
    (rules.no_global_session, "shopify/x.py", "with Session.temp('a', 'b', 'c'): pass"),
    (rules.no_global_session, "shopify/x.py", "import shopify\nshopify.ShopifyResource.site = 1"),
    (rules.no_global_session, "shopify/x.py", "from shopify.resources import ShopifyResource as R"),
    (rules.nothing_around_is_needed, "services.py", "from sandbox.world import SHOPS"),
    (rules.no_imports_by_name, "sms/x.py", "from importlib import import_module"),
    (rules.no_imports_by_name, "sms/x.py", "__import__('rq')"),
    (rules.only_the_gate_clears, "sms/x.py", "from sms.consent.gate import Cleared as C\nC(t, n)"),
    (rules.only_the_gate_clears, "sms/x.py", "import sms.consent.gate as g\ng.Cleared(t, n)"),
    (rules.only_the_gate_clears, "sms/x.py", "from sms.consent import gate\nmake = gate.Cleared"),
    (rules.only_the_gate_clears, "sms/x.py", "f = partial(Cleared, t)"),
    (rules.only_the_gate_clears, "sms/x.py", "class Mine(Cleared): pass"),
    (
        rules.only_the_gate_clears,
        "sms/x.py",
        "from dataclasses import replace as r\nr(request.cleared, text=other)",
    ),
    (
        rules.only_the_gate_clears,
        "sms/x.py",
        "import dataclasses\ndataclasses.replace(cleared, text=other)",
    ),
    (rules.only_the_gate_clears, "sms/x.py", "object.__new__(type(request.cleared))"),
    (rules.only_dispatch_sends, "sms/inbox/x.py", "carrier.send(cleared, account)"),
    (rules.only_dispatch_sends, "sms/inbox/x.py", "go = self._carrier.send"),
    (rules.only_dispatch_sends, "sms/inbox/x.py", "getattr(carrier, 'send')(cleared)"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_the_rule_refuses(rule: Rule, path: str, text: str) -> None:
    assert list(rule(of_text(path, text)))


def test_speaking_of_what_the_gate_made_is_allowed() -> None:
    text = (
        "from sms.consent.gate import Cleared\n"
        "def f(cleared: Cleared) -> Cleared | None:\n"
        "    return cleared if isinstance(cleared, Cleared) else None\n"
    )
    assert not list(rules.only_the_gate_clears(of_text("sms/x.py", text)))


def test_a_file_with_301_lines_is_refused() -> None:
    assert list(rules.at_most_300_lines(of_text("sms/x.py", "\n" * 301)))
