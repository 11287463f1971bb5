"""Print pip constraints that pin each dependency to the oldest release pyproject.toml allows."""

import re
import sys
import tomllib
from pathlib import Path

REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*>=\s*(?P<version>[0-9][0-9.]*)")


def constraints(pyproject: str) -> list[str]:
    """`name==version` for each dependency. Raises ValueError for one without a lower bound."""
    lines = []
    for requirement in tomllib.loads(pyproject)["project"]["dependencies"]:
        found = REQUIREMENT.match(requirement)
        if found is None:
            raise ValueError(f"{requirement!r} has no lower bound")
        lines.append(f"{found['name']}=={found['version']}")
    return lines


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    sys.stdout.write("\n".join(constraints(text)) + "\n")
