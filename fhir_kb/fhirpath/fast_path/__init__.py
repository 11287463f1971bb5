"""Fast paths: invariants decided on plain JSON, without scopes and elements.

Most invariants test a few properties of an object whose type is known before. What has no fast path
is evaluated in full. A fast path that fails (a malformed resource) hands over to the full
evaluation, so both give the same; a test compares them on all of HL7's examples.
"""
