"""The command line: words become one call, its result a view and an exit code.

Only what `--help` and `--version` need is imported here, so that they answer at once.
"""

import os
import sys

COMPLETE = "_FHIR_KB_COMPLETE"


def main() -> None:
    """Run `fhir-kb` with the words of the command line, and leave with its exit code."""
    words = sys.argv[1:]
    if COMPLETE not in os.environ and _answered_at_once(words):
        sys.exit(0)
    import gc

    from fhir_kb.cli.run import run

    code = run(words)
    gc.freeze()  # what is left ends with the process: no need to look for circles in it
    sys.exit(code)


def _answered_at_once(words: list[str]) -> bool:
    if words in (["--help"], ["-h"]):
        from fhir_kb.cli.overview import text

        answer = text()
    elif words == ["--version"]:
        from fhir_kb import __version__

        answer = f"fhir-kb {__version__}\n"
    else:
        return False
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except (AttributeError, OSError):  # no output, or none that takes it: the long way says so
        return False
    return True
