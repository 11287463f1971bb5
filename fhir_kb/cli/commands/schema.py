"""`fhir-kb schema`: the JSON Schema of the definitions, for editors."""

from __future__ import annotations

import click

from fhir_kb.cli import options

NAMES = ("topic", "kb", "concepts", "references")


@click.command("schema")
@click.argument(
    "name", type=options.Word(NAMES), default="topic", metavar="[topic|kb|concepts|references]"
)
@click.option(
    "--format",
    "form",
    type=options.Word(("json",)),
    metavar="FORMAT",
    default="json",
    expose_value=False,
    help="The output format: json.",
)
def command(name: str) -> int:
    """Print the JSON Schema (2020-12) of a kind of file; of topic.yaml if none is named.

    An editor with yaml-language-server checks and completes a file that begins with
    '# yaml-language-server: $schema=PATH'; 'fhir-kb init' sets that up.
    """
    import json

    from fhir_kb.cli.console import put
    from fhir_kb.pipeline import schema

    put(json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n")
    return 0
