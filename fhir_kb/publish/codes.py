"""KB6xx: what publishing can find, each with the page that `fhir-kb explain` prints."""

from __future__ import annotations

from fhir_kb.diagnostics import Code, Severity

IN_THE_WAY = Code(
    "KB601",
    "file-in-the-way",
    Severity.ERROR,
    """\
A file that fhir-kb did not write stands where one of its files has to go.

fhir-kb lists the files that it has written in `.fhir-kb.json` in the output folder. It replaces
and removes those, and no others. When something else has the name that it needs (a file, a folder,
a link), it writes nothing at all, so that your file is safe and the old output stays whole.

**What to do.** Move the file away, or build into another folder:

    fhir-kb build -o other-folder

A file with exactly the content that fhir-kb would write is accepted.
""",
)

UNSAFE_NAME = Code(
    "KB602",
    "unsafe-file-name",
    Severity.ERROR,
    """\
The name of an output file is not allowed on every operating system.

Output is copied to Windows, macOS and Linux. Windows refuses names such as `con` or `nul`, names
that end with a dot, and the characters `< > : " \\ | ? *`. No name may lead out of the output
folder or begin with `.fhir-kb`.

**What to do.** Choose another id for the artifact that the file is named after.
""",
)

NAMES_COLLIDE = Code(
    "KB603",
    "file-names-collide",
    Severity.ERROR,
    """\
Two artifacts have ids that differ only in capital letters.

FHIR tells `Stretching` from `stretching`, but Windows and macOS do not: one file would replace
the other. Many servers and people do not tell them apart either.

**What to do.** Change the id of one of the two.
""",
)

CHANGED_BY_HAND = Code(
    "KB604",
    "output-changed-by-hand",
    Severity.WARNING,
    """\
A file in the output folder was changed after fhir-kb wrote it.

Everything in the output folder is made from the definitions, and a change there would be lost at
the next build without a word. This is the word: the file has been made again (or removed, if it is
no longer needed), and the change in it is gone from the output folder.

**What to do.** Make the change in the definitions. If you want to keep a file of your own beside
the output, give it a name that fhir-kb does not use: such files are never touched.
""",
)

CANNOT_EMIT = Code(
    "KB605",
    "value-not-json",
    Severity.ERROR,
    """\
A value cannot be written as JSON.

JSON has no infinite numbers and no "not a number"; fhir-kb writes whole numbers up to 64 bits; and
half of a two-part Unicode character (a lone surrogate such as `\\ud83d`) is no text.

**What to do.** Mend the value in the definition. For a broken character, type the character itself
instead of its code.
""",
)

UNRESOLVED_REFERENCE = Code(
    "KB606",
    "reference-leaves-the-bundle",
    Severity.ERROR,
    """\
A resource refers to another one that is not in the bundle.

A reference such as `Citation/furlan-2005` means a resource on the same server. Servers check it:
HAPI refuses the whole transaction when the target is missing.

**What to do.** Define the resource that is meant, or refer to it by its canonical url where the
element allows one.
""",
)

NOT_OURS = Code(
    "KB611",
    "output-folder-not-ours",
    Severity.ERROR,
    """\
The output folder has content that fhir-kb did not make.

fhir-kb removes files that are no longer needed from its output folder. To be sure that it never
does so in a folder of yours, it uses only a new folder, an empty one (`README.md`, `.gitignore`
and `.gitkeep` may be there), or one that it has written before and that still has its list of
files, `.fhir-kb.json`.

**What to do.** Choose another folder:

    fhir-kb build -o new-folder

If it was an output folder whose `.fhir-kb.json` was lost, empty it: everything can be made anew.
""",
)

DAMAGED = Code(
    "KB612",
    "output-folder-damaged",
    Severity.ERROR,
    """\
The list of files in the output folder cannot be read.

`.fhir-kb.json` says which files fhir-kb has written and may replace; `.fhir-kb.stage/journal.json`
says which change is under way. One of them is not as fhir-kb writes it. It may also have been
written by a newer fhir-kb.

**What to do.** Empty the folder and build again: everything in it can be made anew.
""",
)

BUSY = Code(
    "KB613",
    "output-folder-busy",
    Severity.ERROR,
    """\
Another run of fhir-kb is writing to the same output folder.

Two builds at once would mix their files, so the second one stops before it has written anything.

**What to do.** Wait until the other run is done (perhaps a `fhir-kb watch` in another window), or
build into another folder. The lock goes away when that process ends, even if it was killed: a file
`.fhir-kb.lock` that is left over does not matter.
""",
)

CANNOT_WRITE = Code(
    "KB614",
    "cannot-write-output",
    Severity.ERROR,
    """\
The operating system does not let fhir-kb write the output folder.

The disk may be full, the folder may be read-only, a part of its path may be a file, or a folder in
it may be a link that leads elsewhere (fhir-kb does not follow those, so that it writes only below
the folder that you named).

Files are first written aside and then put in place together. If the trouble came before that, the
old output is whole. If it came in the middle, the next build completes the change before it does
anything else.

**What to do.** Mend what the message names and build again, or choose another folder.
""",
)

CODES = (
    IN_THE_WAY,
    UNSAFE_NAME,
    NAMES_COLLIDE,
    CHANGED_BY_HAND,
    CANNOT_EMIT,
    UNRESOLVED_REFERENCE,
    NOT_OURS,
    DAMAGED,
    BUSY,
    CANNOT_WRITE,
)
