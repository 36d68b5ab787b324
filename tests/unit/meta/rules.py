"""The rules of the house, each a function from a module to what it breaks."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator

from tests.unit.meta.source import AROUND, OUR_SHOPIFY, Module

# A room may import from itself and from rooms with a smaller number. Rooms with the same number
# stand side by side and do not know each other.
ORDER = {
    "logs": 0,
    "route_access": 0,
    "settings": 0,
    "models": 1,
    "sms": 2,
    "wakeups": 2,
    "shopify": 3,
    "services": 4,
    "jobs": 5,
    "admin": 5,
    "public": 5,
    "commands": 6,
    "app": 7,
    "gunicorn.conf": 8,
}
# Where a library may be imported. The worker and the queue's own module are the queue's only homes.
HOMES = {
    "flask": (
        *("admin/*", "public/*", "*/webhooks.py", "shopify/auth.py", "shopify/storefront.py"),
        *("app.py", "commands.py"),
    ),
    "werkzeug": ("admin/*", "public/*", "*/webhooks.py", "app.py"),
    "click": ("commands.py",),
    # The adapter, the check of its signatures, and the names of the headers they come in.
    "twilio": ("sms/carriers/*",),
    "shopify_app": ("shopify/*",),
    "rq": ("wakeups.py", "jobs/*"),
    "redis": ("wakeups.py", "services.py", "jobs/*"),
}
GATE = "sms/consent/gate.py"
DISPATCH = "sms/delivery/dispatch.py"
# Names of ShopifyAPI's own modules: a module of ours with one of them would hide the library's.
LIBRARY_NAMES = frozenset(
    {
        *("api_access", "api_version", "base", "collection", "limits", "mixins", "resources"),
        *("session", "session_token", "utils", "version", "yamlobjects"),
    }
)
# One session for the whole process: it leaks between threads and between shops.
GLOBAL_SESSION = frozenset({"ShopifyResource", "activate_session", "clear_session"})


def direction(module: Module) -> Iterator[str]:
    """Hold models <- sms <- shopify <- services <- jobs, admin, public <- app."""
    if module.room not in ORDER:
        yield f"{module.path}: say in ORDER where this room stands"
        return
    for each in module.imports:
        if each.root == module.room or each.root not in ORDER:
            continue
        if ORDER[each.root] >= ORDER[module.room]:
            yield f"{module.path}:{each.line} imports {each.dotted}"


def queue_free(module: Module) -> Iterator[str]:
    """Keep texting and Shopify free of the queue: they add rows, and wake after the commit."""
    if module.room not in {"models", "sms", "shopify"}:
        return
    for each in module.imports:
        if each.root in {"rq", "redis", "jobs", "wakeups"}:
            yield f"{module.path}:{each.line} imports {each.dotted}"


def homes_of_libraries(module: Module) -> Iterator[str]:
    for each in module.imports:
        homes = HOMES.get(each.root)
        if homes and not any(fnmatch.fnmatch(module.path, home) for home in homes):
            yield f"{module.path}:{each.line} imports {each.dotted}"


def the_shopify_library_stays_inside(module: Module) -> Iterator[str]:
    """Outside shopify/ the name means our folder alone."""
    if module.room == "shopify":
        return
    for each in module.imports:
        if each.root != "shopify":
            continue
        inner = each.dotted.split(".")[1:2]
        if not inner or inner[0] not in OUR_SHOPIFY:
            yield f"{module.path}:{each.line} imports {each.dotted} of ShopifyAPI"


def no_global_session(module: Module) -> Iterator[str]:
    if module.path == "shopify/__init__.py":
        return  # the library's own __init__ is replaced there, its names included
    for node in module.nodes():
        if isinstance(node, ast.Attribute | ast.Name | ast.alias) and (
            _last_name(node) in GLOBAL_SESSION or _is_temp(node)
        ):
            yield f"{module.path}:{_line(node)} uses ShopifyAPI's global session"


def _is_temp(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "temp"
        and _last_name(node.value) == "Session"
    )


def nothing_around_is_needed(module: Module) -> Iterator[str]:
    for each in module.imports:
        if each.root in AROUND:
            yield f"{module.path}:{each.line} imports {each.dotted}"


def no_imports_by_name(module: Module) -> Iterator[str]:
    """An import that a tree does not show would go around every rule here."""
    for each in module.imports:
        if each.root == "importlib":
            yield f"{module.path}:{each.line} imports {each.dotted}"
    for node in module.nodes():
        if isinstance(node, ast.Name) and node.id in {"__import__", "eval", "exec"}:
            yield f"{module.path}:{node.lineno} uses {node.id}"


def only_the_gate_clears(module: Module) -> Iterator[str]:
    """Refuse to make a `Cleared` by any name, to copy one, or to hand its class to anyone."""
    if module.path == GATE:
        return
    names = {each.bound for each in module.imports if each.name == "Cleared"} | {"Cleared"}
    spoken_of = _in_annotations(module.tree) | _in_type_tests(module.tree)
    knows = any(_last_name(node).lower() == "cleared" for node in module.nodes())
    for node in module.nodes():
        if isinstance(node, ast.Name | ast.Attribute) and _last_name(node) in names:
            if id(node) not in spoken_of:
                yield f"{module.path}:{node.lineno} takes Cleared in hand"
        elif knows and _copies(module, node):
            yield f"{module.path}:{_line(node)} could copy a Cleared"


def _in_annotations(tree: ast.Module) -> set[int]:
    annotations: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg):
            annotations.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            annotations.append(node.returns)
    return {id(inner) for each in annotations if each is not None for inner in ast.walk(each)}


def _in_type_tests(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchClass):
            found |= {id(inner) for inner in ast.walk(node.cls)}
        elif isinstance(node, ast.Call) and _last_name(node.func) == "isinstance":
            found |= {id(inner) for inner in ast.walk(node.args[1])}
    return found


def _copies(module: Module, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    copiers = {
        each.bound
        for each in module.imports
        if each.dotted in {"dataclasses.replace", "copy.copy", "copy.deepcopy", "copy.replace"}
    }
    called = _last_name(node.func)
    if isinstance(node.func, ast.Name):
        return called in copiers
    modules = {
        each.bound for each in module.imports if each.dotted in {"dataclasses", "copy", "pickle"}
    }
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return called in {"__new__", "__replace__"} or (
        isinstance(owner, ast.Name) and owner.id in modules
    )


def only_dispatch_sends(module: Module) -> Iterator[str]:
    """Hold every call named `send`, and its look-up by name, to the dispatcher."""
    if module.path == DISPATCH:
        return
    for node in module.nodes():
        by_dot = isinstance(node, ast.Attribute) and node.attr == "send"
        by_name = (
            isinstance(node, ast.Call)
            and _last_name(node.func) in {"getattr", "methodcaller", "attrgetter"}
            and any(isinstance(each, ast.Constant) and each.value == "send" for each in node.args)
        )
        if by_dot or by_name:
            yield f"{module.path}:{_line(node)} sends"


def at_most_300_lines(module: Module) -> Iterator[str]:
    if len(module.text.splitlines()) > 300:
        yield f"{module.path} is too long to hold in the head"


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return node.name if isinstance(node, ast.alias) else ""


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))
