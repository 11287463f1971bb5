"""Make fhir_kb/packages/core/search-*.json.gz from the official core packages.

    python scripts/make_search_parameters.py PACKAGE_DIR...

Each PACKAGE_DIR is an unpacked core package (with its `package` folder), published under CC0-1.0.
The same packages give the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fhir_kb.packages.core.definitions import CORE, supported_release  # noqa: E402 (needs the path above)


def main(folders: list[str]) -> int:
    """Write one file for each core package given."""
    for folder in folders:
        package = Path(folder) / "package"
        manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
        known = {}
        for path in package.glob("SearchParameter-*.json"):
            one = json.loads(path.read_text(encoding="utf-8"))
            known[one["url"]] = [one["type"], *sorted(one.get("base", ()))]
        content = json.dumps(dict(sorted(known.items())), separators=(",", ":")).encode()
        release = supported_release(manifest["fhirVersions"][0])
        target = CORE / f"search-{release.name}.json.gz"
        target.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
        print(f"{target.name}: {len(known)} search parameters, {target.stat().st_size} bytes")
    return 0 if folders else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
