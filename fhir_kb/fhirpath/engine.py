"""Compile expressions and evaluate them: what the rest of fhir-kb uses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.compiler.compiler import Compiler
from fhir_kb.fhirpath.compiler.options import Options
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathLimitError
from fhir_kb.fhirpath.evaluation.items import Element, Item
from fhir_kb.fhirpath.evaluation.scope import Environment, Scope, truth
from fhir_kb.fhirpath.evaluation.services import NO_SERVICES, Services, Trace
from fhir_kb.fhirpath.fast_path.property_names import Outcome, outcome_of
from fhir_kb.fhirpath.syntax.parser import parse
from fhir_kb.fhirpath.types.schema import Schema, schema_of
from fhir_kb.model.fhir_release import BY_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.fhirpath.compiler.fragment import Fragment
    from fhir_kb.fhirpath.fast_path.fast_path import Test
    from fhir_kb.fhirpath.types.model import Model
    from fhir_kb.fhirpath.values.system import System

_TOO_DEEP = "the expression or the data nest too deeply"


class Evaluation:
    """The result of an expression, and the calls of trace()."""

    __slots__ = ("items", "traces")

    def __init__(self, items: list[Item], traces: list[Trace]) -> None:
        self.items = items
        self.traces = traces


class Compiled:
    """An expression ready to be evaluated on resources of one FHIR release.

    It is compiled for each type that it is evaluated on, so keep it (compile_expression does).
    """

    def __init__(self, expression: str, schema: Schema, options: Options) -> None:
        self.expression = expression
        self._schema = schema
        self._options = options
        self._parsed = parse(expression)
        self._fragments: dict[str, Fragment] = {}
        self._fast_tests: dict[str, tuple[Test | None, bool]] = {}

    def __repr__(self) -> str:
        return f"Compiled({self.expression!r})"

    def fragment(self, type_path: str) -> Fragment:
        """The expression compiled for a `$this` of that type.

        Args:
            type_path: "PlanDefinition.action"; "" where the type is not known.

        Raises:
            FHIRPathSemanticError: The expression can have no meaning (on that type).
        """
        fragment = self._fragments.get(type_path)
        if fragment is None:
            fragment = self._fragments[type_path] = self._compile(type_path)
        return fragment

    def _compile(self, type_path: str) -> Fragment:
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

        Args:
            resource: A JSON object with resourceType, an Element, or None for an expression that
                needs nothing.
            context: The element that it is evaluated on; the resource itself by default.
            variables: %name -> JSON value, item or list of either.
            services: What the evaluation may use besides the resource.

        Raises:
            FHIRPathError: The evaluation fails.
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
        root = self._items(resource)
        this = root if context is None else [context]
        env = Environment(
            self._schema,
            context=this,
            resource=root,
            root=root,
            variables={name: self._items(value) for name, value in (variables or {}).items()},
            services=services,
            steps=services.max_steps,
        )
        first = this[0] if len(this) == 1 else None
        fragment = self.fragment(first.type.path if isinstance(first, Element) else "")
        return Evaluation(_run(fragment, Scope(env, this)), env.traces)

    def _items(self, value: Any) -> list[Item]:
        """JSON values, items or lists of them as a collection."""
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return [item for part in value for item in self._items(part)]
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

        Args:
            node: The element's JSON, or an Element (whose parents resolve() can then use).
            type_path: The type of a plain JSON node as definitions name it: "HumanName",
                "PlanDefinition.action".
            resource: %resource; the node itself by default.
            root: %rootResource; %resource by default.
            services: What the evaluation may use besides the resource.
            variables: %name -> JSON value or item.

        Raises:
            FHIRPathError: The evaluation fails.
        """
        element = node if isinstance(node, Element) else None
        path = type_path if element is None else element.type.path
        if not path:
            path = self._schema.of_value(node).path
        fast_test, is_complex = self._fast_tests.get(path) or self._fast_test(path)
        if fast_test is not None:
            value = node if element is None else element.value
            if isinstance(value, dict) is is_complex and value is not None:
                try:
                    return fast_test(value)
                except FHIRPathError:
                    pass  # the full evaluation decides, and its error has the place
        fragment = self.fragment(path)
        if element is None:
            element = Element(node, self._schema.type(path))
        this: list[Item] = [element]
        container: list[Item] = this if resource is None else [resource]
        outermost: list[Item] = container if root is None else [root]
        env = Environment(
            self._schema,
            this,
            container,
            outermost,
            variables={name: self._items(value) for name, value in (variables or {}).items()},
            services=services,
            steps=services.max_steps,
        )
        try:
            return fragment.as_truth()(Scope(env, this))
        except RecursionError:
            raise FHIRPathLimitError(_TOO_DEEP) from None

    def _fast_test(self, path: str) -> tuple[Test | None, bool]:
        """The fast path of the whole expression, and whether it is for JSON objects."""
        fast_test = self._fast_tests.get(path)
        if fast_test is None:
            fast_path = self.fragment(path).fast_path
            test = None if fast_path is None else fast_path.as_test()
            fast_test = self._fast_tests[path] = (test, not self._schema.type(path).system)
        return fast_test

    def fast_test(self, type_path: str) -> Test | None:
        """The fast path on plain JSON values of that type; None where there is none.

        It takes an object where the type has elements, and gives None for what is neither true nor
        false. It raises FHIRPathError where it cannot tell; `test` can then.
        """
        return self._fast_test(type_path)[0]

    def is_true_for(self, type_path: str, names: frozenset[str]) -> bool:
        """Whether it is true for every object of that type with these properties.

        Args:
            type_path: The type of the object: "Quantity".
            names: The names of its JSON properties. Their values must be valid, neither null nor
                empty.
        """
        if not self._options.fast_paths:
            return False
        outcome = outcome_of(self._parsed.root, self._schema.type(type_path), names)
        return outcome is Outcome.TRUE

    def element(self, resource: Any) -> Element:
        """A resource's JSON as an Element, for many calls of `test`."""
        return Element(resource, self._schema.of_value(resource))


def _run(fragment: Fragment, scope: Scope) -> list[Item]:
    try:
        return fragment.run(scope)
    except RecursionError:
        raise FHIRPathLimitError(_TOO_DEEP) from None


@lru_cache(maxsize=8192)
def compile_expression(
    expression: str,
    model: Model,
    *,
    strict: bool = False,
    json_names: bool = False,
    fast_paths: bool = True,
) -> Compiled:
    """The expression, ready for resources of the model's FHIR release.

    Args:
        expression: The text of the expression.
        model: For example fhir_kb.packages.definitions("5.0.0").
        strict: Whether certain mistakes, such as elements that a type does not have, are errors.
        json_names: Whether `valueQuantity` is allowed for `value`.
        fast_paths: Whether fast paths are tried before the full evaluation. The results are the
            same; tests compare them.

    Raises:
        FHIRPathSyntaxError: The text is not a FHIRPath expression.
    """
    release = BY_VERSION.get(model.fhir_version)
    as_filters = release is not None and release.as_filters_collections
    options = Options(strict, json_names, as_filters, fast_paths)
    return Compiled(expression, schema_of(model), options)


def check(expression: str, model: Model, type_path: str = "") -> FHIRPathError | None:
    """What is wrong with an expression for elements of a type, or None; nothing is evaluated.

    Args:
        expression: The text of the expression.
        model: For example fhir_kb.packages.definitions("5.0.0").
        type_path: "PlanDefinition", "Patient.contact"; empty where the type is not known.

    Returns:
        The error, with its place in the expression.
    """
    try:
        compile_expression(expression, model, strict=True).fragment(type_path)
    except FHIRPathError as error:
        return error
    return None


def boolean_of(items: Sequence[Item]) -> bool | None:
    """A result as a Boolean, by FHIRPath's singleton evaluation."""
    return truth(list(items))
