"""`fhir-kb init`: a small knowledge base to start from."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_kb.cli import options


@click.command("init")
@click.argument(
    "folder",
    metavar="[DIR]",
    default="definitions",
    type=click.Path(file_okay=False, path_type=Path),
)
@options.plain_form
def command(folder: Path, form: str) -> int:
    """Start a knowledge base in DIR that builds as it is; in 'definitions' if left out.

    It has one example topic and schemas for the editor. Its id and canonical url come from the name
    of the folder. No existing file is overwritten.
    """
    from fhir_kb.cli import starter
    from fhir_kb.cli.console import put
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe
    from fhir_kb.pipeline import schema

    files = starter.files(schema, starter.name_for(folder))
    if existing := starter.existing_path(folder, files):
        raise click.UsageError(
            f"'{existing.as_posix()}' already exists; nothing was written",
            click.get_current_context(),
        )
    starter.write(folder, files)
    if form == "json":
        from fhir_kb.diagnostics.render.json import as_json

        put(as_json({"folder": folder.as_posix(), "files": sorted(files)}))
        return 0
    build = "fhir-kb build" if folder == Path("definitions") else f"fhir-kb build {folder}"
    put(f"{terminal_safe(folder.as_posix())}/ is ready:\n")
    for name in sorted(name for name in files if not name.startswith(".")):
        put(f"  {name:<30} {starter.PURPOSE[name]}\n")
    put(f"Set the names in kb.yaml, change the topic, then: {terminal_safe(build)}\n")
    return 0
