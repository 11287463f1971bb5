"""The command line: arguments become one call, its result a view and an exit code.

Only what `--help` and `--version` need is imported here, so that they answer at once.
"""

import os
import sys

from fhir_kb.cli.completion import VARIABLE

_GC_THRESHOLD = 20_000
"""Objects that are new before garbage is looked for: importing makes thousands, and none of them is
garbage. Python's own 700 takes a twentieth of a short command's time."""


def main() -> None:
    """Run `fhir-kb` with the arguments of the process, and exit with its code."""
    arguments = sys.argv[1:]
    if VARIABLE not in os.environ and _wrote_fast_response(arguments):
        sys.exit(0)
    import gc

    gc.set_threshold(_GC_THRESHOLD)
    from fhir_kb.cli.run import run

    code = run(arguments)
    gc.freeze()  # what is left ends with the process: no need to look for garbage in it
    sys.exit(code)


def _wrote_fast_response(arguments: list[str]) -> bool:
    """Write the help or the version without importing click; whether that was requested."""
    if arguments in (["--help"], ["-h"]):
        from fhir_kb.cli.overview import text

        response = text()
    elif arguments == ["--version"]:
        from fhir_kb import __version__

        response = f"fhir-kb {__version__}\n"
    else:
        return False
    try:
        sys.stdout.write(response)
        sys.stdout.flush()
    except (AttributeError, OSError):  # no output, or none that takes it: run() reports that
        return False
    return True
