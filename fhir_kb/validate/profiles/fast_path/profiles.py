"""Profiles compiled to tests of plain JSON that see whether a value surely conforms.

Most values do, and then nothing else has to be done. A test may say no to a value that conforms,
for then the whole walk is taken (conform.py), which also says what is wrong; but it must never say
yes where the walk would find something, whatever the value is. What a test cannot judge for sure,
such as what a reference in a bundle leads to, it says no to. tests/validate/profiles holds the one
against the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath.types.schema import schema_of
from fhir_kb.validate.profiles.bindings import is_surely_bound
from fhir_kb.validate.profiles.fast_path.objects import Inside, may_lack
from fhir_kb.validate.profiles.known import is_of, referred_to, type_profiles
from fhir_kb.validate.profiles.narratives import is_about_narratives
from fhir_kb.validate.profiles.rules import are_surely_kept
from fhir_kb.validate.profiles.targets import is_surely_allowed
from fhir_kb.validate.profiles.tree import BrokenProfileError, never
from fhir_kb.validate.profiles.values import is_surely_right

if TYPE_CHECKING:
    from fhir_kb.fhirpath import Element
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.tree import Node, Sure

#: How deep elements may repeat themselves (contentReference) before the walk is asked.
_ROOM: Final = 20
_MOST: Final = 2000


class Certain:
    """Tests of values by profiles, made when they are first asked for and kept.

    is_bundled: whether the values stand in a bundle, where references lead to other entries.
    """

    def __init__(self, known: KnownProfiles, *, is_bundled: bool) -> None:
        self._known = known
        self._is_bundled = is_bundled
        self._schema = schema_of(known.definitions)
        self._roots: dict[tuple[str, str], Sure] = {}

    def conforms(self, value: Any, type_name: str, canonical: str) -> bool:
        """Whether a value of the type (its JSON) surely conforms to the profile."""
        test = self._roots.get((type_name, canonical))
        if test is None:
            test = self._by_profile(canonical, self._schema.type(type_name))
        return test(value, _ROOM)

    def settles(self, node: Node, element: Element, name: str) -> bool:
        """Whether what an element holds under a name is surely right by a child of the node."""
        holder = element.value
        if element.type.system or element.type.is_open or not isinstance(holder, dict):
            return False
        return self._inside(node, element.type).settles(holder, name, _ROOM)

    def _by_profile(self, canonical: str, kind: FhirType) -> Sure:
        """The test of values of a type by a profile."""
        key = (kind.path, canonical)
        found = self._roots.get(key)
        if found is None:
            if len(self._roots) >= _MOST:
                self._roots.clear()
            found = self._roots[key] = self._of_profile(canonical, kind)
        return found

    def _of_profile(self, canonical: str, kind: FhirType) -> Sure:
        try:
            tree = self._known.tree(canonical)
        except BrokenProfileError:
            return never
        if tree is None or tree.type not in kind.names or tree.imposed():
            return never
        if type_profiles(self._known, tree.root, kind):
            return never  # profiles of the same value could lead back to this one
        return self._value(tree.root, kind)

    def _value(self, node: Node, kind: FhirType) -> Sure:
        """The test of one value of a type by an element, and of all that is in it."""
        codes = [str(one.get("code", "")) for one in node.types]
        if kind.is_open or (codes and not any(is_of(code, kind) for code in codes)):
            return never
        if kind.name == "Narrative" and is_about_narratives(node):
            return never
        tests = [
            is_surely_right(node),
            is_surely_bound(self._known, node, kind),
            is_surely_allowed(self._known, node, kind, is_bundled=self._is_bundled),
            self._type_profile(node, kind),
            self._primitive(node, kind) if kind.system else self._object(node, kind),
        ]
        rules = are_surely_kept(self._known, node, kind)
        return _all([*(one for one in tests if one is not None), *rules])

    def _type_profile(self, node: Node, kind: FhirType) -> Sure | None:
        urls = type_profiles(self._known, node, kind)
        if not urls:
            return None
        if len(urls) > 1:
            return never
        made: list[Sure] = []

        def test(value: Any, room: int) -> bool:
            # Made when it is needed, for profiles may lead back to each other.
            if not made:
                made.append(self._by_profile(urls[0], kind))
            return room > 0 and made[0](value, room - 1)

        return test

    def _primitive(self, node: Node, kind: FhirType) -> Sure | None:
        """The test of primitives that have no `_x` beside them."""
        children = node.children.values()
        return None if all(may_lack(self._known, one, kind) for one in children) else never

    def _object(self, node: Node, kind: FhirType) -> Sure:
        inner = referred_to(node)
        if inner is node:
            return self._inside(node, kind).test
        made: list[Sure] = []

        def test(value: Any, room: int) -> bool:
            # What an element repeats may be around it, so this too is made when it is needed.
            if not made:
                made.append(self._inside(inner, kind).test)
            return room > 0 and made[0](value, room - 1)

        return test

    def _inside(self, node: Node, kind: FhirType) -> Inside:
        key = ("inside a bundle" if self._is_bundled else "inside", kind.path)
        found: Inside | None = node.kept.get(key)
        if found is None:
            found = node.kept[key] = Inside(self._known, node, kind, self._value)
        return found


def _all(tests: list[Sure]) -> Sure:
    if never in tests:
        return never
    if not tests:
        return _always
    if len(tests) == 1:
        return tests[0]

    def every(value: Any, room: int) -> bool:
        return all(test(value, room) for test in tests)

    return every


def _always(_value: Any, _room: int) -> bool:
    return True
