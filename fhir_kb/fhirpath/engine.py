"""Compile expressions and evaluate them: what the rest of fhir-kb uses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.compiler import Compiler, Options
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathLimitError
from fhir_kb.fhirpath.items import Element, Item
from fhir_kb.fhirpath.model import Model, Schema, schema_of
from fhir_kb.fhirpath.parser import parse
from fhir_kb.fhirpath.scope import NO_SERVICES, Env, Scope, Services, Trace, truth
from fhir_kb.fhirpath.shapes import Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.fhirpath.fragments import Code
    from fhir_kb.fhirpath.pure import Flag
    from fhir_kb.fhirpath.values import System

_TOO_DEEP = "the expression or the data nest too deeply"

AS_FILTERS = frozenset(("4.0.1", "4.3.0"))
"""The releases whose own invariants (dom-3) use as() on several items."""


class Evaluation:
    """The result of an expression, and what trace() was told on the way."""

    __slots__ = ("items", "traces")

    def __init__(self, items: list[Item], traces: list[Trace]) -> None:
        self.items = items
        self.traces = traces


class Compiled:
    """An expression ready to be evaluated on resources of one FHIR release.

    It specialises itself for each type that it meets, so keep it (compile_expression does).
    """

    def __init__(self, expression: str, schema: Schema, options: Options) -> None:
        self.expression = expression
        self._schema = schema
        self._options = options
        self._parsed = parse(expression)
        self._codes: dict[str, Code] = {}
        self._tests: dict[str, tuple[Flag | None, bool]] = {}

    def __repr__(self) -> str:
        return f"Compiled({self.expression!r})"

    def code(self, type_path: str) -> Code:
        """The code for a `$this` of that type ("PlanDefinition.action"); "" where unknown.

        Raises FHIRPathSemanticError for what can have no meaning (there).
        """
        found = self._codes.get(type_path)
        if found is None:
            found = self._codes[type_path] = self._compile(type_path)
        return found

    def _compile(self, type_path: str) -> Code:
        root = frozenset((self._schema.type(type_path),)) if type_path else None
        try:
            return Compiler(self._schema, root, self._options).compile(self._parsed.root, root)
        except RecursionError:
            raise FHIRPathLimitError(_TOO_DEEP) from None

    def __call__(
        self,
        resource: Any,
        *,
        context: Item | None = None,
        variables: Mapping[str, Any] | None = None,
        services: Services = NO_SERVICES,
    ) -> list[Item]:
        """The items that the expression gives for a resource's (or element's) JSON.

        resource: a JSON object with resourceType, an Element, or None for an expression that needs
        nothing. context: where in the resource it is evaluated; the resource itself by default.
        variables: %name -> JSON value, item or list of either. Raises FHIRPathError.
        """
        return self.evaluate(
            resource, context=context, variables=variables, services=services
        ).items

    def evaluate(
        self,
        resource: Any,
        *,
        context: Item | None = None,
        variables: Mapping[str, Any] | None = None,
        services: Services = NO_SERVICES,
    ) -> Evaluation:
        """As a call, with the traces."""
        whole = self._items(resource)
        this = whole if context is None else [context]
        env = Env(
            self._schema,
            context=this,
            resource=whole,
            root=whole,
            variables={name: self._items(value) for name, value in (variables or {}).items()},
            services=services,
            steps=services.max_steps,
        )
        first = this[0] if len(this) == 1 else None
        code = self.code(first.type.path if isinstance(first, Element) else "")
        return Evaluation(_run(code, Scope(env, this)), env.traces)

    def _items(self, value: Any) -> list[Item]:
        """JSON values, items or lists of them as a collection."""
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return [item for one in value for item in self._items(one)]
        if isinstance(value, Mapping):
            return [Element(value, self._schema.of_value(value))]
        if isinstance(value, float):
            return self._items(Element(value, self._schema.type("decimal")).system())
        item: Element | System = value
        return [item]

    def test(
        self,
        node: Any,
        *,
        type_path: str = "",
        resource: Element | None = None,
        root: Element | None = None,
        services: Services = NO_SERVICES,
        variables: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """The truth of an invariant for one element; None is neither true nor false.

        node: the element's JSON, or an Element (whose parents resolve() can then walk).
        type_path: the type of a plain JSON node as definitions name it ("PlanDefinition.action",
        "HumanName"); resource: %resource, root: %rootResource; the node itself by default.
        variables: %name -> JSON value or item. Raises FHIRPathError.
        """
        element = node if isinstance(node, Element) else None
        path = type_path if element is None else element.type.path
        if not path:
            path = self._schema.of_value(node).path
        known = self._tests.get(path)
        if known is None:
            known = self._tests[path] = self._pure_test(path)
        flag, is_complex = known
        if flag is not None:
            value = node if element is None else element.value
            if isinstance(value, dict) is is_complex and value is not None:
                try:
                    return flag(value)
                except FHIRPathError:
                    pass  # the full evaluation decides, and can say where it failed
        code = self.code(path)
        if element is None:
            element = Element(node, self._schema.type(path))
        this: list[Item] = [element]
        whole: list[Item] = this if resource is None else [resource]
        outermost: list[Item] = whole if root is None else [root]
        env = Env(
            self._schema,
            this,
            whole,
            outermost,
            variables={name: self._items(value) for name, value in (variables or {}).items()},
            services=services,
            steps=services.max_steps,
        )
        try:
            return code.as_truth()(Scope(env, this))
        except RecursionError:
            raise FHIRPathLimitError(_TOO_DEEP) from None

    def _pure_test(self, path: str) -> tuple[Flag | None, bool]:
        """The pure form of the whole expression, and whether it is for JSON objects."""
        pure = self.code(path).pure
        return (None if pure is None else pure.as_flag()), not self._schema.type(path).system

    def flag(self, type_path: str) -> Flag | None:
        """What tells the truth from a plain JSON value of that type, where that is possible.

        It wants an object where the type has elements, and gives None for what is neither true nor
        false. Raises FHIRPathError where it cannot tell; `test` can then.
        """
        return self._pure_test(type_path)[0]

    def holds_for(self, type_path: str, names: frozenset[str]) -> bool:
        """Whether it is true of every object of that type with these properties.

        names: as JSON has them; their values must be right, neither null nor empty.
        """
        return shape_of(self._parsed.root, self._schema.type(type_path), names) is Shape.TRUE

    def element(self, resource: Any) -> Element:
        """A resource's JSON as an Element, to be handed to `test` many times."""
        return Element(resource, self._schema.of_value(resource))


def _run(code: Code, scope: Scope) -> list[Item]:
    try:
        return code.run(scope)
    except RecursionError:
        raise FHIRPathLimitError(_TOO_DEEP) from None


@lru_cache(maxsize=8192)
def compile_expression(
    expression: str, model: Model, *, strict: bool = False, json_names: bool = False
) -> Compiled:
    """The expression, ready for resources of the model's FHIR release.

    model: for example fhir_kb.packages.definitions("5.0.0"). strict: elements that a type does not
    have, and other sure mistakes, are errors. json_names: `valueQuantity` may stand for `value`.
    Raises FHIRPathSyntaxError.
    """
    options = Options(strict, json_names, model.fhir_version in AS_FILTERS)
    return Compiled(expression, schema_of(model), options)


def check(expression: str, model: Model, type_path: str = "") -> FHIRPathError | None:
    """What is wrong with an expression that is to be evaluated on elements of a type, or None.

    type_path: "PlanDefinition", "Patient.contact"; empty where it is not known. Nothing is
    evaluated. The error has the place and what to do.
    """
    try:
        compile_expression(expression, model, strict=True).code(type_path)
    except FHIRPathError as error:
        return error
    return None


def boolean_of(items: Sequence[Item]) -> bool | None:
    """A result as a Boolean, by FHIRPath's singleton evaluation."""
    return truth(list(items))
