"""Validates a document, prices it, and runs it: scopes and protected data are looked at here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    execute_sync,
    get_named_type,
    visit,
)

from sandbox.shopify_admin.api.cost import Pricing
from sandbox.shopify_admin.api.roots import TYPE_NAMES, fields_of
from sandbox.shopify_admin.api.schema import Access, admin_schema
from sandbox.shopify_admin.api.things import Scene
from sandbox.shopify_admin.app_config import covers

_BARE = ("Connection", "Edge")
PROTECTED: Mapping[tuple[str, str], str] = {
    **{("Customer", name): "name" for name in ("firstName", "lastName", "displayName")},
    **{("Customer", name): "email" for name in ("email", "defaultEmailAddress")},
    **{("Customer", name): "phone" for name in ("phone", "defaultPhoneNumber")},
    **{("Customer", name): "address" for name in ("defaultAddress", "addresses")},
    **{("MailingAddress", name): "name" for name in ("firstName", "lastName", "name")},
    **{
        ("MailingAddress", name): "address"
        for name in ("address1", "address2", "city", "zip", "province", "provinceCode", "formatted",
                     "formattedArea", "company")
    },
    ("MailingAddress", "phone"): "phone",
    ("Order", "email"): "email",
    ("Order", "phone"): "phone",
}  # fmt: skip


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Raises `GraphQLError` when the document does not say which."""
    operations = [each for each in document.definitions if _is_operation(each)]
    wanted = [each for each in operations if name is None or _name(each) == name]
    if len(wanted) != 1:
        raise GraphQLError("Must provide operation name if query contains multiple operations.")
    found = wanted[0]
    assert isinstance(found, OperationDefinitionNode)
    return found


def price(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """What the operation may cost at most, in points."""
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    return Pricing(admin_schema().schema, fragments, variables).of(operation)


def beyond_the_sandbox(document: DocumentNode) -> list[GraphQLError]:
    """An error for every field the stand-in does not answer, whatever data there is."""
    info = TypeInfo(admin_schema().schema)
    finder = _Beyond(info)
    visit(document, TypeInfoVisitor(info, finder))
    return finder.errors


class _Beyond(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.errors: list[GraphQLError] = []

    def enter_field(self, node: FieldNode, *_place: Any) -> None:
        parent, name = self._info.get_parent_type(), node.name.value
        if parent is None or name.startswith("__"):
            return
        known = fields_of(parent.name)
        # On an interface such as Node there is only what all of them have.
        if name not in known and not (parent.name == "Node" and name == "id"):
            sentence = f"The sandbox does not implement the field {parent.name}.{name} yet."
            code = {"code": "SANDBOX_NOT_IMPLEMENTED", "field": f"{parent.name}.{name}"}
            self.errors.append(GraphQLError(sentence, node, extensions=code))


def run(
    document: DocumentNode, scene: Scene, variables: Mapping[str, Any], operation: str | None
) -> ExecutionResult:
    """Data and errors as Shopify gives them: what may not be read is null, with an error."""
    return execute_sync(
        admin_schema().schema,
        document,
        root_value={},
        context_value=scene,
        variable_values=dict(variables),
        operation_name=operation,
        field_resolver=_resolve,
        type_resolver=lambda found, _info, _type: TYPE_NAMES[type(found)],
    )


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    scene: Scene = info.context
    parent, name = info.parent_type.name, info.field_name
    _refuse_without_scope(parent, info, scene)
    if PROTECTED.get((parent, name)) in scene.unapproved:
        sentence = (
            f"This app is not approved to use the {name} field. See "
            "https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
        )
        raise GraphQLError(sentence, extensions={"code": "ACCESS_DENIED"})
    return fields_of(parent)[name](source, scene, arguments)


def _refuse_without_scope(parent: str, info: GraphQLResolveInfo[Any], scene: Scene) -> None:
    needed = _needed(parent, info.field_name, get_named_type(info.return_type).name)
    if needed is None or any(covers(set(scene.granted), each) for each in needed.scopes):
        return
    raise GraphQLError(
        f"Access denied for {info.field_name} field. Required access: {needed.words}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": needed.words,
        },
    )


def _needed(parent: str, name: str, kind: str) -> Access | None:
    """What the field itself needs, else what the things behind it need."""
    access = admin_schema().access
    for ending in _BARE:
        kind = kind.removesuffix(ending)
    return access.get((parent, name)) or access.get((kind, ""))


def _is_operation(node: object) -> bool:
    return isinstance(node, OperationDefinitionNode)


def _name(node: Any) -> str | None:
    return node.name.value if node.name else None
