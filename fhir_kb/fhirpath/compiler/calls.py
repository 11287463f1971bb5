"""The compiled form of function calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.fhirpath.compiler.fragment import Fragment
from fhir_kb.fhirpath.compiler.steps import after, hint, require_order
from fhir_kb.fhirpath.compiler.type_specifiers import compile_type_operator, type_specifier
from fhir_kb.fhirpath.errors import FHIRPathSemanticError
from fhir_kb.fhirpath.fast_path.functions import fast_call
from fhir_kb.fhirpath.functions import FUNCTIONS, Function
from fhir_kb.fhirpath.functions.filtering import Key
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.types.static_types import Types, describe, is_never, join_types, system

if TYPE_CHECKING:
    from fhir_kb.fhirpath.compiler.fragment import CompileNode
    from fhir_kb.fhirpath.compiler.options import Options
    from fhir_kb.fhirpath.compiler.steps import Step
    from fhir_kb.fhirpath.evaluation.items import Item
    from fhir_kb.fhirpath.evaluation.scope import Scope
    from fhir_kb.fhirpath.types.schema import Schema


def compile_call(
    compile_node: CompileNode,
    schema: Schema,
    options: Options,
    code: Fragment,
    node: nodes.Call,
    this: Types,
) -> Fragment:
    """A function call.

    Args:
        compile_node: Compiles the arguments.
        schema: The types of the FHIR release.
        options: How the expression is to be read.
        code: The input of the function.
        node: The call.
        this: The types of $this.

    Raises:
        FHIRPathSemanticError: There is no such function, or the arguments do not fit.
    """
    if node.name in ("is", "as", "ofType"):
        specifier = type_specifier(node.arguments[0]) if len(node.arguments) == 1 else None
        if specifier is None:
            raise FHIRPathSemanticError(
                f"{node.name}() takes the name of one type", node.place.line, node.place.column
            )
        return compile_type_operator(
            node.name, specifier, code, schema, node.place, as_filters=options.as_filters
        )
    function = _function(node)
    if function.needs_order and options.strict:
        require_order(code, f"{node.name}()", node.place)
    arguments = _arguments(compile_node, function, node, code, this)
    _check_arguments(node, arguments, strict=options.strict)
    fast_path = fast_call(
        node.name, code.fast_path, tuple(argument.fast_path for argument in arguments)
    )
    step = _call_step(function, node, arguments)
    call = after(code, step, _result_types(function, code, arguments), node.place)
    ordered = node.name == "sort" or (code.ordered and node.name not in ("children", "descendants"))
    return Fragment(call.run, call.types, None, ordered, fast_path)


def _function(node: nodes.Call) -> Function:
    function = FUNCTIONS.get(node.name)
    line, column = node.place.line, node.place.column
    if function is None:
        message = f"there is no function {node.name}()" + hint(node.name, frozenset(FUNCTIONS))
        raise FHIRPathSemanticError(message, line, column)
    if not function.least <= len(node.arguments) <= function.most:
        message = f"{node.name}() takes {_argument_count(function)}, not {len(node.arguments)}"
        raise FHIRPathSemanticError(message, line, column)
    return function


def _arguments(
    compile_node: CompileNode, function: Function, node: nodes.Call, code: Fragment, this: Types
) -> tuple[Fragment, ...]:
    arguments: list[Fragment] = []
    for position, argument in enumerate(node.arguments):
        if node.name == "sort" and isinstance(argument, nodes.Unary) and argument.operator == "-":
            argument = argument.operand  # noqa: PLW2901 - see Key: `-` is for any type here
        is_lazy = function.is_lazy(position)
        scope_types = code.types if is_lazy else this
        compiled = compile_node(argument, scope_types)
        if node.name in ("repeat", "repeatAll"):
            compiled = compile_node(argument, join_types(scope_types, compiled.types))
        arguments.append(compiled.with_fast_path() if is_lazy else compiled)
    return tuple(arguments)


def _check_arguments(node: nodes.Call, arguments: tuple[Fragment, ...], *, strict: bool) -> None:
    if node.name != "iif":
        return
    types = arguments[0].types
    all_system = types is not None and all(isinstance(kind, str) for kind in types)
    if is_never(types, "Boolean") and (all_system or strict):
        place = node.arguments[0].place
        raise FHIRPathSemanticError(
            f"iif() needs a Boolean, not {describe(types or ())}", place.line, place.column
        )


def _call_step(function: Function, node: nodes.Call, arguments: tuple[Fragment, ...]) -> Step:
    """The step that calls the function with its arguments."""
    implementation = function.run
    if not arguments:
        return implementation
    runs = [argument.run for argument in arguments]
    lazy = [function.is_lazy(position) for position in range(len(runs))]
    if node.name == "sort":
        keys = [Key(*key) for key in zip(runs, *_directions(node), strict=True)]
        return lambda scope, items: implementation(scope, items, *keys)
    if all(lazy):
        return lambda scope, items: implementation(scope, items, *runs)
    if len(runs) == 1:
        only = runs[0]
        return lambda scope, items: implementation(scope, items, only(scope))

    def step(scope: Scope, items: list[Item]) -> list[Item]:
        values = [run if is_lazy else run(scope) for run, is_lazy in zip(runs, lazy, strict=True)]
        return implementation(scope, items, *values)

    return step


def _directions(node: nodes.Call) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """For each key of sort() whether it is followed by `desc`, and whether it is negated."""
    negated = tuple(isinstance(key, nodes.Unary) and key.operator == "-" for key in node.arguments)
    return node.descending, negated


def _result_types(function: Function, code: Fragment, arguments: tuple[Fragment, ...]) -> Types:
    """The types of a function's result."""
    match function.returns:
        case "=":
            return code.types
        case "0":
            return arguments[0].types
        case "":
            return None
    return system(function.returns)


def _argument_count(function: Function) -> str:
    """How many arguments a function takes, in words."""
    if function.variadic:
        return f"at least {function.least} arguments"
    if function.least == function.most:
        return {0: "no arguments", 1: "one argument"}.get(
            function.most, f"{function.most} arguments"
        )
    return f"{function.least} to {function.most} arguments"
