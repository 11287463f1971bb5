"""Kinds of issue: the narrative."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_XHTML: Final = Kind(
    Code(
        "KB560",
        "not-xhtml",
        Severity.ERROR,
        """\
The narrative is not well-formed XHTML.

`text.div` is XML: each tag is closed (`<br/>`), attributes have quotation marks, `&` and `<` are
written `&amp;` and `&lt;`, and there is no DOCTYPE. HTML that browsers forgive is not enough.
""",
    ),
    "invalid",
    "Error_parsing_XHTML_",
)

XHTML_ROOT: Final = Kind(
    Code(
        "KB561",
        "narrative-root",
        Severity.ERROR,
        """\
The narrative does not begin as it must.

It is one `<div xmlns="http://www.w3.org/1999/xhtml">` with everything inside.
""",
    ),
    "invalid",
    "XHTML_XHTML_NS_InValid",
)

XHTML_ELEMENT: Final = Kind(
    Code(
        "KB562",
        "narrative-element",
        Severity.ERROR,
        """\
The narrative holds an element that FHIR does not allow.

Allowed are the simple elements for text, lists, tables, links and images. Scripts, forms, frames,
embedded objects, `head`, `body` and style sheets are not: a narrative is shown inside other pages
and must neither act nor change them.
""",
    ),
    "invalid",
    "XHTML_XHTML_Element_Illegal",
)

XHTML_ATTRIBUTE: Final = Kind(
    Code(
        "KB563",
        "narrative-attribute",
        Severity.ERROR,
        """\
The narrative holds an attribute that FHIR does not allow on this element.

Event handlers (`onclick`) and attributes of later HTML are not allowed; `class`, `style`, `title`,
`id`, `lang` and those of tables, links and images are.
""",
    ),
    "invalid",
    "XHTML_XHTML_Attribute_Illegal",
)

XHTML_ACTIVE: Final = Kind(
    Code(
        "KB564",
        "narrative-active-content",
        Severity.ERROR,
        """\
A link in the narrative would run something.

`javascript:`, `vbscript:` and `data:text/html` links run code in the reader's page. They are a
security risk and never needed.

Link to http, https, mailto or tel addresses or to an anchor in the narrative.
""",
    ),
    "invalid",
    "TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF",
)

XHTML_EMPTY: Final = Kind(
    Code(
        "KB565",
        "narrative-empty",
        Severity.ERROR,
        """\
The narrative shows nothing.

A narrative that is there has some text or an image (rule txt-2), because a reader may see nothing
but the narrative.

Write what a reader has to know, or leave `text` out.
""",
    ),
    "invariant",
    "http://hl7.org/fhir/StructureDefinition/Narrative#txt-2",
)

XHTML_LINK: Final = Kind(
    Code(
        "KB566",
        "narrative-link",
        Severity.ERROR,
        """\
A link or image in the narrative leads nowhere.

`<a href="#dose">` needs an element with `id="dose"` or `<a name="dose">` in the same narrative, or
a contained resource or element of the resource with that id. `urn:` addresses are names, not
places: no browser can follow them.

Correct the anchor, link to a web address, or drop the link and keep its text.
""",
    ),
    "invalid",
    "Type_Specific_Checks_DT_XHTML_Resolve",
)

XHTML_NESTING: Final = Kind(
    Code(
        "KB567",
        "narrative-nesting",
        Severity.ERROR,
        """\
An element of the narrative stands where it cannot be.

A row belongs into a table, an item into a list; a heading, a link and bold text hold text and no
blocks; a line break holds nothing. What reads the page as HTML puts such elements elsewhere or
drops them.

```html
<b><ul><li>…</li></ul></b>
```

End the inner element before the block begins, or put the part into what it belongs to.
""",
    ),
    "structure",
    "XHTML_XHTML_BLOCK_IN_PARA",
)

KINDS: Final = (
    NOT_XHTML, XHTML_ROOT, XHTML_ELEMENT, XHTML_ATTRIBUTE, XHTML_ACTIVE, XHTML_EMPTY, XHTML_LINK,
    XHTML_NESTING,
)  # fmt: skip
