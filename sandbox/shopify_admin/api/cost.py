"""What a query costs, and the leaking bucket that pays for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)
from graphql.type import GraphQLCompositeType, GraphQLInterfaceType, is_leaf_type

# Standard plan: 100 points a second. A single query may cost 1,000 on every plan.
RESTORE_RATE = 100.0
BUCKET = 2000.0
MOST_EXPENSIVE = 1000


class Bucket:
    """Points of one app at one shop; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._points = BUCKET
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def take(self, points: float) -> bool:
        """False, and nothing is taken, when there are fewer."""
        with self._lock:
            self._restore()
            if self._points < points:
                return False
            self._points -= points
            return True

    def give_back(self, points: float) -> None:
        """Return what a query asked for and did not need."""
        with self._lock:
            self._points = min(BUCKET, self._points + points)

    @property
    def status(self) -> dict[str, float]:
        """As in `extensions.cost.throttleStatus`."""
        with self._lock:
            self._restore()
            return {
                "maximumAvailable": BUCKET,
                "currentlyAvailable": math.floor(self._points),
                "restoreRate": RESTORE_RATE,
            }

    def _restore(self) -> None:
        now = self._clock()
        self._points = min(BUCKET, self._points + (now - self._at) * RESTORE_RATE)
        self._at = now


def objects_in(data: Any) -> int:
    """What an answer turned out to cost: the objects in it, without the root and page marks."""
    return max(0, _objects(data) - 1)


def _objects(data: Any) -> int:
    if isinstance(data, list):
        return sum(_objects(each) for each in data)
    if not isinstance(data, dict):
        return 0
    inside = sum(_objects(value) for name, value in data.items() if name != "pageInfo")
    return inside if {"nodes", "edges"} & data.keys() else 1 + inside


class Pricing:
    """Prices an operation before it runs: objects 1, scalars 0, connections by their size.

    Shopify scales large connections by less than their size, in a way it does not publish: what
    is affordable here is affordable there.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)

    def of(self, operation: OperationDefinitionNode) -> int:
        """Points; a mutation's root costs 10."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        base = 10 if operation.operation.value == "mutation" else 0
        return base + self._selections(operation.selection_set, root)

    def _selections(self, selections: SelectionSetNode, parent: GraphQLCompositeType) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                total += self._selections(fragment.selection_set, parent_of(self._schema, fragment))
            elif isinstance(node, InlineFragmentNode):
                inline = parent_of(self._schema, node) if node.type_condition else parent
                total += self._selections(node.selection_set, inline)
        return total

    def _field(self, node: FieldNode, parent: GraphQLCompositeType) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        definition = parent.fields.get(node.name.value)
        if definition is None or node.selection_set is None:
            return 0
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return 0
        inside = self._selections(node.selection_set, named)
        if named.name.endswith("Connection"):
            return self._size(node) * max(1, inside)
        if named.name.endswith("Edge") or named.name == "PageInfo" or node.name.value == "nodes":
            return inside + (node.name.value == "nodes")
        return 1 + inside

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                size = value_from_ast_untyped(argument.value, self._variables)
                if isinstance(size, int):
                    return size
        return 1


def parent_of(schema: GraphQLSchema, node: Any) -> GraphQLCompositeType:
    """The type a fragment is about."""
    found = schema.get_type(node.type_condition.name.value)
    assert found is not None
    return found  # type: ignore[return-value]  # validation made sure of it
