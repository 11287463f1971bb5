"""Turn a syntax tree into Python closures, using as much of the types as is known before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from fhir_kb.fhirpath.compiler.calls import compile_call
from fhir_kb.fhirpath.compiler.fragment import Fragment
from fhir_kb.fhirpath.compiler.instances import instance
from fhir_kb.fhirpath.compiler.operators import binary, unary
from fhir_kb.fhirpath.compiler.steps import (
    after,
    hint,
    json_children,
    require_order,
    system_member,
)
from fhir_kb.fhirpath.compiler.type_specifiers import compile_type_operator
from fhir_kb.fhirpath.compiler.variables import CONSTANTS, variable
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathSemanticError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item, system_name
from fhir_kb.fhirpath.fast_path.fast_path import FastPath
from fhir_kb.fhirpath.fast_path.json_paths import fast_member, fast_this
from fhir_kb.fhirpath.functions.subsets import integer
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.types.schema import FhirType, Schema
from fhir_kb.fhirpath.types.static_types import (
    Types,
    describe,
    elements_of,
    has_member,
    member_types,
    system,
)

if TYPE_CHECKING:
    from fhir_kb.fhirpath.compiler.options import Options
    from fhir_kb.fhirpath.evaluation.scope import Scope

_Link: TypeAlias = "nodes.Member | nodes.Call | nodes.Indexer"


#: Variables that are the same all through an evaluation.
_FIXED_VARIABLES: Final = frozenset({"resource", "rootResource", "context"})
#: Functions that do more than give a result.
_WITH_SIDE_EFFECTS: Final = frozenset({"trace", "defineVariable"})


def _is_fixed(link: _Link) -> bool:
    """Whether the result of a step depends on its input only."""
    match link:
        case nodes.Member():
            return True
        case nodes.Call(_, name, arguments):
            return name not in _WITH_SIDE_EFFECTS and all(
                isinstance(argument, nodes.Literal) for argument in arguments
            )
        case nodes.Indexer(_, position):
            return isinstance(position, nodes.Literal)


class Compiler:
    """Compiles expressions for one schema and one type of `$this`."""

    def __init__(self, schema: Schema, root: Types, options: Options) -> None:
        self.schema = schema
        self.options = options
        self._root = root

    def compile(self, node: nodes.Node, this: Types) -> Fragment:
        """Compile a part for a scope whose $this is of the given types."""
        match node:
            case nodes.Literal(values):
                items: list[Item] = list(values)
                return Fragment(
                    lambda _: items,
                    system(*map(system_name, values)),
                    fast_path=FastPath(constant=values),
                )
            case nodes.This():
                return self._this(this)
            case nodes.Index():
                return Fragment(
                    lambda scope: [scope.index] if scope.index >= 0 else EMPTY, system("Integer")
                )
            case nodes.Total():
                return Fragment(lambda scope: scope.total or EMPTY)
            case nodes.Variable():
                return self._variable(node)
            case nodes.Member() | nodes.Call() | nodes.Indexer():
                return self._chain(node, this)
            case nodes.Unary():
                return unary(self.compile, node, this)
            case nodes.Binary():
                return binary(self.compile, node, this)
            case nodes.TypeTest(operator, operand, type_name, place):
                code = self.compile(operand, this)
                return compile_type_operator(
                    operator, type_name, code, self.schema, place, as_filters=False
                )
            case nodes.Instance():
                return Fragment(*instance(self.compile, self.schema, node, this))

    def _variable(self, node: nodes.Variable) -> Fragment:
        run = variable(node.name)
        types: Types = None
        if node.name in CONSTANTS or node.name.startswith(("vs-", "ext-")):
            types = system("String")
        elif node.name == "context":
            types = self._root
        elif node.name == "resource" and self._root is not None:
            owners = [
                kind.path.partition(".")[0] for kind in self._root if isinstance(kind, FhirType)
            ]
            if owners and all(name in self.schema.model.resource_types for name in owners):
                types = frozenset(self.schema.type(name) for name in owners)
        place = node.place

        def placed(scope: Scope) -> list[Item]:
            try:
                return run(scope)
            except FHIRPathError as error:
                error.at(place.line, place.column)
                raise

        fast_path = None
        if node.name in CONSTANTS:
            fast_path = FastPath(constant=(CONSTANTS[node.name],))
        return Fragment(placed, types, fast_path=fast_path)

    def _chain(self, node: nodes.Node, this: Types) -> Fragment:
        """A path, compiled step by step in a loop, so that a long one needs no deep recursion."""
        links: list[_Link] = []
        while isinstance(node, nodes.Member | nodes.Call | nodes.Indexer):
            links.append(node)
            if node.target is None:
                break
            node = node.target
        defines = any(
            isinstance(link, nodes.Call) and link.name == "defineVariable" for link in links
        )
        if links and links[-1].target is None:
            first = links.pop()
            if isinstance(first, nodes.Member):
                code = self._root_member(first, this)
            else:
                start = self._this(this)
                code = self._link(start, first, this)
        else:
            code = self.compile(node, this)
            if isinstance(node, nodes.Variable) and node.name in _FIXED_VARIABLES:
                code = self._fixed(code, links, this)
        for link in reversed(links):
            code = self._link(code, link, this)
        if defines:
            run = code.run
            return Fragment(lambda scope: run(scope.fork()), code.types, ordered=code.ordered)
        return code

    def _fixed(self, code: Fragment, links: list[_Link], this: Types) -> Fragment:
        """A path from the resource, evaluated once: all() may need it for each item.

        Args:
            code: The variable that the path begins with.
            links: The steps of the path, the next one last. Those that are fixed are removed.
            this: The types of $this.
        """
        while links and _is_fixed(links[-1]):
            code = self._link(code, links.pop(), this)
        run, key = code.run, object()

        def once(scope: Scope) -> list[Item]:
            cache = scope.env.fixed_paths
            if cache is None:
                cache = scope.env.fixed_paths = {}
            items = cache.get(key)
            if items is None:
                items = cache[key] = run(scope)
            return items

        return Fragment(once, code.types, None, code.ordered, code.fast_path)

    def _this(self, this: Types) -> Fragment:
        fast_path = fast_this(this) if self.options.fast_paths else None
        return Fragment(lambda scope: scope.this, this, fast_path=fast_path)

    def _root_member(self, node: nodes.Member, this: Types) -> Fragment:
        name = node.name
        start = self._this(this)
        is_open = any(isinstance(kind, FhirType) and kind.is_open for kind in this or ())
        if not name[:1].isupper() or not (self.schema.knows(name) or is_open):
            return self._link(start, node, this)
        if this is not None and this:
            fitting = [kind for kind in this if isinstance(kind, FhirType) and name in kind.names]
            if len(fitting) == len(this):
                return start
            if (
                self.options.strict
                and not fitting
                and not is_open
                and not has_member(this, name, json_names=False)
            ):
                raise FHIRPathSemanticError(
                    f"the expression begins with '{name}', but is about {describe(this)}",
                    node.place.line,
                    node.place.column,
                )

        def run(scope: Scope) -> list[Item]:
            items: list[Item] = []
            for item in scope.this:
                if isinstance(item, Element):
                    items += [item] if name in item.type.names else item.children(name)
            return items

        return Fragment(run, frozenset((self.schema.type(name),)) if this is None else this)

    def _link(self, code: Fragment, link: _Link, this: Types) -> Fragment:
        match link:
            case nodes.Member():
                return self._member(code, link)
            case nodes.Indexer():
                return self._indexer(code, link, this)
            case nodes.Call():
                return compile_call(self.compile, self.schema, self.options, code, link, this)

    def _member(self, code: Fragment, node: nodes.Member) -> Fragment:
        name = node.name
        json_names = self.options.json_names
        if self.options.strict and not has_member(code.types, name, json_names=json_names):
            raise FHIRPathSemanticError(
                f"{describe(code.types or ())} has no element '{name}'"
                + hint(name, elements_of(code.types)),
                node.place.line,
                node.place.column,
            )
        types = member_types(code.types, name, json_names=json_names)
        fast_path = fast_member(code.fast_path, code.types, name)

        def step(scope: Scope, items: list[Item]) -> list[Item]:
            members: list[Item] = []
            for item in items:
                if isinstance(item, Element):
                    if name == "value" and item.type.system:
                        value = item.system()
                        members += EMPTY if value is None else [value]
                    elif json_names:
                        members += json_children(item, name)
                    else:
                        members += item.children(name)
                else:
                    members += system_member(item, name)
            scope.env.spend(len(items))
            return members

        member = after(code, step, types, node.place)
        return Fragment(member.run, member.types, None, member.ordered, fast_path)

    def _indexer(self, code: Fragment, node: nodes.Indexer, this: Types) -> Fragment:
        if self.options.strict:
            require_order(code, "an index", node.place)
        index = self.compile(node.position, this).run

        def step(scope: Scope, items: list[Item]) -> list[Item]:
            number = integer(index(scope), "an index")
            return items[number : number + 1] if number is not None and number >= 0 else EMPTY

        return after(code, step, code.types, node.place)
