"""The product's source as syntax trees: what imports what, and which names each module binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
ENTRY_FILES = ("gunicorn.conf.py",)
# Not the product: what makes a trial possible, what measures and what tests.
AROUND = frozenset({"local", "sandbox", "tests", "bench"})
# The package index's library that shares its name with our folder: see shopify/__init__.py.
OUR_SHOPIFY = frozenset(path.stem for path in (ROOT / "shopify").glob("*.py"))


@dataclass(frozen=True)
class Import:
    """One imported thing: `from a.b import c as d` is module "a.b", name "c", bound "d"."""

    module: str
    name: str | None
    bound: str
    line: int

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One source file. `path` is relative to the repository."""

    path: str
    text: str

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def room(self) -> str:
        """The top-level folder, or the name of a top-level file."""
        return self.path.partition("/")[0].removesuffix(".py")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[Import]:
        return list(_imports(self))

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


def _imports(module: Module) -> Iterator[Import]:
    package = module.name if module.path.endswith("__init__.py") else module.name.rpartition(".")[0]
    for node in module.nodes():
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                yield Import(alias.name, None, bound, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            above = ".".join(base) if node.level else ""
            source = ".".join(part for part in (above, node.module or "") if part)
            for alias in node.names:
                yield Import(source, alias.name, alias.asname or alias.name, node.lineno)


def product() -> list[Module]:
    """Every module that ships: all but what is around it."""
    return [module for module in everything() if module.room not in AROUND]


def everything() -> list[Module]:
    folders = [path for path in ROOT.iterdir() if path.is_dir() and _is_ours(path)]
    files = sorted(ROOT.glob("*.py")) + sorted(
        file for folder in folders for file in folder.rglob("*.py")
    )
    return [read(file) for file in files if file.is_file()]


def read(file: Path) -> Module:
    return Module(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))


def _is_ours(folder: Path) -> bool:
    return not folder.name.startswith((".", "__")) and folder.name != "node_modules"


def of_text(path: str, text: str) -> Module:
    """Make a module that does not exist, to see a rule refuse it."""
    return Module(path, text)
