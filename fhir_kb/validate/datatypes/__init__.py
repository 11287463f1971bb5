"""Datatypes: primitives, references, extensions, and bindings to value sets."""
