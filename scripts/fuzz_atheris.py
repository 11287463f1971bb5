"""Feed the validator what atheris makes of damaged resources, guided by the code that they reach.

python scripts/fuzz_atheris.py SEEDS [-max_total_time=120] [other options of libFuzzer]

Needs `pip install atheris`, which is not among the tools of this project. SEEDS is a folder of FHIR
JSON or XML, to which atheris adds: give it a copy. An exception ends the run, and the text that
raised it is kept.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> None:
    """Run until the time is over."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["fhir_kb"]):
        from fhir_kb.validate import check_text

    def one(data: bytes) -> None:
        check_text(data)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
