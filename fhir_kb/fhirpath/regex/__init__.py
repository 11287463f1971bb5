"""Regular expressions of unknown origin, matched in bounded time.

A pattern is read into a tree. The tree bounds how many paths a backtracking matcher could try on a
text of some length: where that is little, Python's `re` does the work; otherwise an automaton does,
in time proportional to the text. What neither can do in bounds (back-references, look-around, or a
replacement with an explosive pattern) is refused.
"""

from fhir_kb.fhirpath.regex.matching import cost, matches, replace

__all__ = ["cost", "matches", "replace"]
