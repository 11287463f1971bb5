"""KB1xx: what reading can find, each with the page that `fhir-kb explain` prints."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity


def _error(code: str, name: str, explanation: str) -> Code:
    return Code(code, name, Severity.ERROR, explanation)


_FILES: Final = (
    _error(
        "KB101",
        "file-unreadable",
        """A file that is needed is not there, or cannot be read.

A topic names its files relative to its own folder, with capital letters as they are on disk. A
folder where a file should be, a link that leads nowhere and a file without the right to read it
are found here as well.

    text: page.md            # stands next to topic.yaml
    references: references.yaml

Correct the name, or put the file there.""",
    ),
    _error(
        "KB102",
        "not-utf-8",
        """The file is not UTF-8.

Older editors save text as Latin-1 or UTF-16, where an 'é' has other bytes. Guessing would turn
letters into others without a word, so nothing is guessed. The place is the first byte that has no
meaning.

    iconv -f WINDOWS-1252 -t UTF-8 page.md > page.utf8.md

Or save it as UTF-8 in your editor; with or without a byte order mark.""",
    ),
    _error(
        "KB103",
        "too-large",
        """A file, or one text in it, is larger than a definition may be.

A file may have 4 MB and a single text 200,000 characters: many times what a guideline's chapter
needs. The limit keeps a mistaken file, such as a scan or an export, from filling the memory.

    definitions/low-back-pain/topic.yaml
    definitions/low-back-pain-exercise/topic.yaml

Split it into smaller topics, and link to pictures and scans instead of holding them.""",
    ),
    _error(
        "KB104",
        "not-yaml",
        """The file is not YAML.

The place is where YAML stops making sense; the cause often stands in the line above. Most often it
is a tab, an indentation that fits nothing above it, a quote that is not closed, or a colon and a
space in a text without quotes.

    title: Needling: how it is done       # wrong
    title: "Needling: how it is done"     # right

An empty file, and one with several documents (`---`), are found here too.""",
    ),
    _error(
        "KB105",
        "key-twice",
        """A key stands in the same mapping twice.

YAML readers silently keep one of the two, and which one differs. Here neither is preferred.

    title: Dry needling
    title: Trigger point needling     # the second one

Take one out. Where both are wanted, give them different names.""",
    ),
    _error(
        "KB106",
        "too-deep",
        """The file is nested too deeply, or repeats itself too often.

48 levels and 200,000 values are far more than any topic has. A file gets there by mistake: brackets
that are never closed, or aliases that stand for aliases, so that a few lines mean billions.

    a: &a [x, x, x]
    b: &b [*a, *a, *a]
    c: [*b, *b, *b]          # each line multiplies the one above

Write out what is meant.""",
    ),
    _error(
        "KB107",
        "foreign-tag",
        """A YAML tag that has no meaning here.

Tags such as `!ref` or `!!python/name:os.system` tell some programs to make something of a value.
fhir-kb reads text only and never makes anything of a tag.

    title: !important Dry needling     # wrong
    title: Dry needling                # right

A text that begins with '!' needs quotes.""",
    ),
)

_VALUES: Final = (
    _error(
        "KB110",
        "unknown-key",
        """This key is not known here.

An unknown key is an error, because a misspelt one would otherwise be lost without a word. The
finding names the nearest known key, or all of them.

    activites: {}       # did you mean 'activities'?

Correct it. A key may also be right but at the wrong level: check its indentation. `fhir-kb schema`
gives editors the keys to complete.""",
    ),
    _error(
        "KB111",
        "missing-key",
        """A key that is always needed is not there.

Without it nothing true can be published: FHIR requires it, or the thing would have no name.

    references:
      simons-1999:
        title: Travell & Simons' Myofascial Pain and Dysfunction

Add the key that the finding names.""",
    ),
    _error(
        "KB112",
        "wrong-type",
        """A value is of another type than the key wants.

A key wants a text, a whole number, `true` or `false`, a list or a mapping. Where a list is wanted,
a single value may stand for a list of one; nothing else is turned into something else. `yes`, `no`,
`on` and `off` are words in YAML 1.2, so they are not taken for true and false.

    prohibited: yes      # wrong
    prohibited: true     # right

Write the value in the type that the finding names.""",
    ),
    _error(
        "KB113",
        "unknown-word",
        """This word is not one of those that the key knows.

Some keys take one word out of a short list, because FHIR has a required code system behind them.
The finding names the nearest word, or all of them.

    status: activ        # did you mean 'active'?

Choose one of the words; they are written in small letters with hyphens.""",
    ),
    _error(
        "KB114",
        "wrong-form",
        """The value does not have the form that the key wants.

Names, dates, URIs, quantities and lengths of time are written in one way each, so that they can
become ids, dates and numbers in FHIR.

    needle-insertion          # a name: small letters, digits, single hyphens
    2026, 2026-11, 2026-11-23 # a date, as precise as it is known
    0.6-0.8 g/kg              # a quantity: a number or a range, then a UCUM unit
    20 min                    # a length of time

Write it in the form that the finding shows. A day that does not exist, such as 2026-02-30, is found
here as well.""",
    ),
    _error(
        "KB115",
        "no-value",
        """A key has no value.

After a colon, nothing, `~` and `null` mean that there is no value. Often the value was forgotten,
or the lines below are not indented.

    steps:
    - id: insert        # fine: a list may stand at the level of its key

    plan:
    goals:              # wrong: 'plan' has no value, 'goals' belongs below it

Give it a value, or take the key out. For an empty list write `[]`.""",
    ),
    _error(
        "KB116",
        "empty-text",
        """A text is empty, or has nothing but blanks.

FHIR does not allow empty strings, and readers would see a heading with nothing below it.

    title: ""                # wrong
    title: Dry needling      # right

Give it a text, or take the key out.""",
    ),
    _error(
        "KB120",
        "against-the-schema",
        """The file does not fit the JSON Schema of the format.

Every file is read twice: by the reader, which explains what it finds, and by the schema that
editors use. This finding comes from the schema alone, when the reader saw nothing wrong.

    fhir-kb schema topic > topic.schema.json

Correct the value at the place. The two should agree, so please report the file as a bug.""",
    ),
)

_PAGES: Final = (
    _error(
        "KB130",
        "raw-html",
        """The page has raw HTML in it.

What becomes a narrative in FHIR may hold only a safe part of XHTML; scripts, styles and forms could
harm whoever opens it. So a page is Markdown and nothing else.

    <b>never</b>       # wrong
    **never**          # right

Say it in Markdown. To show HTML as text, put it in `code`; for a smaller-than sign before a letter
write `&lt;`.""",
    ),
    _error(
        "KB131",
        "unsafe-link",
        """A link could run code, or lead to something that is not a page.

Links may lead to https:, http:, mailto: and tel:, to a place in the page (#name) and to files. A
scheme such as javascript: or data: runs whatever it carries when somebody clicks it; it is also
recognised when it is disguised with entities, blanks or percent signs.

    [the trial](javascript:alert(1))             # wrong
    [the trial](https://doi.org/10.1000/xyz123)  # right

Link to the page itself.""",
    ),
    _error(
        "KB132",
        "page-title",
        """A heading is not where it can be, or has no words.

A page has one title ('#'), before its first section; its sections begin with '##'. Each becomes a
section of the FHIR Composition, which must have a title.

    # Dry needling
    ## How it is done
    ### Finding the trigger point

Use '##' for sections, and give every heading its words.""",
    ),
    _error(
        "KB133",
        "section-twice",
        """Two sections have the same name.

A section's name is made from its title, or stands in braces after it. Links lead to it, so it must
be the only one of its page.

    ## Benefit {#benefit-pain}
    ## Benefit {#benefit-motion}

Name one of the two.""",
    ),
    _error(
        "KB134",
        "heading-attribute",
        """A word in the braces after a heading means nothing.

The braces hold the section's name after '#' and its classes after '.': .theory, .definitions,
.warning and .note.

    ## Mechanism {#mechanism .theory}

Correct the word, or take the braces out.""",
    ),
    _error(
        "KB135",
        "empty-link",
        """A link in double brackets names nothing.

What stands between the brackets is the name of something in this topic, or another topic's; after
a bar may follow the words to show.

    [[needle-insertion]]
    [[needle-insertion|putting the needle in]]

Name what it leads to. To show the brackets themselves, put them in `code`.""",
    ),
)

_FOLDERS: Final = (
    _error(
        "KB140",
        "outside-the-definitions",
        """A file's path leads out of its folder.

A topic consists of the files in its folder, so that it can be moved, reviewed and published as a
whole, and so that a definition from somebody else cannot read your other files. Paths with '..',
paths from the root of the disk, and links that lead out of the definitions are refused.

    file: ../../notes/ckd-stage.cql   # wrong
    file: ckd-stage.cql               # right

Keep a copy in the topic's folder.""",
    ),
    _error(
        "KB141",
        "no-knowledge-base",
        """There is no knowledge base here.

A knowledge base is a folder with a kb.yaml, which says who publishes it and under which canonical
URL.

    fhir-kb init definitions
    fhir-kb build definitions

Name the folder that has the kb.yaml, or make one.""",
    ),
    _error(
        "KB142",
        "no-topic",
        """The knowledge base has no topic.

A topic is a folder with a topic.yaml, anywhere below the kb.yaml. Folders whose names begin with a
dot are passed over.

    definitions/kb.yaml
    definitions/dry-needling/topic.yaml
    definitions/dry-needling/page.md

Make a first topic; `fhir-kb init` shows one.""",
    ),
    Code(
        "KB143",
        "not-read",
        Severity.WARNING,
        """A YAML file lies where it is not read.

Beside the kb.yaml only concepts.yaml is read, and a folder is a topic only when it has a
topic.yaml. A file with a slightly other name would be passed over without a word.

    definitions/concept.yaml                 # read as nothing; 'concepts.yaml' is meant
    definitions/dry-needling/topics.yaml     # 'topic.yaml' is meant

Rename it, or move it elsewhere.""",
    ),
    _error(
        "KB145",
        "not-references",
        """What is named as the references is not a YAML file.

References stand in a YAML file with one entry for each source.

    references: references.yaml

A BibTeX or RIS file is imported once, not read with every build.""",
    ),
)

CODES: Final = (*_FILES, *_VALUES, *_PAGES, *_FOLDERS)
