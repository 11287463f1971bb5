"""KB8xx: what pushing can find, each with the page that `fhir-kb explain` prints."""

from __future__ import annotations

from fhir_kb.diagnostics import Code, Severity

REFUSED = Code(
    "KB801",
    "refused-by-the-server",
    Severity.ERROR,
    """\
The FHIR server refused a resource.

The message is the server's own, at the line of the definition that the element comes from, if the
server named an element. What was refused is not on the server; everything that does not refer to it
was pushed all the same.

A server may ask for more than FHIR does: elements that it needs, codes that it knows, ids of its
own form. A transaction that is refused is parted by fhir-kb until it is clear which resource was
meant, so the message stands where it belongs.

**What to do.** Mend the definition if the server is right, or ask whoever runs the server to allow
what FHIR allows. Then push again: only what is missing is sent.
""",
)

NOT_KEPT = Code(
    "KB802",
    "not-kept-by-the-server",
    Severity.ERROR,
    """\
The server took a resource but does not hold all of it.

After every push what the server stored is compared with what was sent. Some servers drop elements
that they do not know, without a word, or change values. What it dropped is not there for those who
read it: a contraindication, say, that stands in your definition would be missing at the bedside.

What a server adds (meta, an order of attributes, white space in narrative) is not reported.

**What to do.** Ask whoever runs the server for a version that keeps the element, or write the
content where the server does keep it. `fhir-kb pull` shows what it holds.
""",
)

NOT_SENT = Code(
    "KB803",
    "not-sent",
    Severity.ERROR,
    """\
A resource was not sent, because it refers to one that the server refused, or a push broke off.

It would have been refused as well, or would have led nowhere.

**What to do.** Mend the other one first and push again: only what is missing is sent.
""",
)

MOVED = Code(
    "KB804",
    "changed-meanwhile",
    Severity.ERROR,
    """\
Somebody else changed or deleted a resource between the plan and the push.

Every change carries the version that the plan saw. The server holds another one now, so nothing was
overwritten.

**What to do.** Look at `fhir-kb plan` again: it shows what was changed. With `--overwrite` the push
makes it what is defined.
""",
)

CODES = (REFUSED, NOT_KEPT, NOT_SENT, MOVED)
