"""Kinds of issue: FHIR resources written as XML."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_XML: Final = Kind(
    Code(
        "KB574",
        "not-xml",
        Severity.ERROR,
        """\
The text is not XML as FHIR has it.

It breaks XML's own grammar, is not in UTF-8, or has a document type. A document type is refused
unread, because it can declare entities that grow without end or read other files.

Mend the text at the line and column given. Of named entities XML knows `&amp;`, `&lt;`, `&gt;`,
`&quot;` and `&apos;` only.
""",
    ),
    "invalid",
)

XML_NAMESPACE: Final = Kind(
    Code(
        "KB575",
        "xml-namespace",
        Severity.ERROR,
        """\
An XML element is in another namespace than `http://hl7.org/fhir`.

The namespace is part of the element's name, so nothing in it is read as FHIR. Only the `div` of a
narrative has another one, that of XHTML.

```xml
<Patient xmlns="http://hl7.org/fhir"><id value="p1"/></Patient>
```
""",
    ),
    "structure",
)

XML_CONTENT: Final = Kind(
    Code(
        "KB576",
        "xml-content",
        Severity.ERROR,
        """\
An XML element has an attribute or text that FHIR does not have.

Values stand in the attribute `value`, never between the tags. Other attributes are `id`, and `url`
of an extension; all else would be lost without a word.

```xml
<status value="active"/>
```
""",
    ),
    "structure",
)

XML_ORDER: Final = Kind(
    Code(
        "KB577",
        "xml-order",
        Severity.ERROR,
        """\
XML elements are not in FHIR's order, or not beside their like.

In XML the order of elements is that of the definition, and the values of an element that repeats
follow each other. Readers generated from the schemas refuse anything else. (In JSON order is free.)

Move the element to its place.
""",
    ),
    "structure",
    "Validation_VAL_Profile_OutOfOrder",
)

KINDS: Final = (NOT_XML, XML_NAMESPACE, XML_CONTENT, XML_ORDER)
