"""Print pip constraints that pin each dependency to the oldest release pyproject.toml allows.

Those of the extras, too; what runs the tests is what the lock says, so that only one thing is old.
"""

import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?\s*>=\s*(?P<version>[0-9][0-9.]*)")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)", re.MULTILINE)


def constraints(pyproject: str, lock: str = "") -> list[str]:
    """`name==version` for each dependency and what runs the tests.

    Args:
        pyproject: the text of pyproject.toml.
        lock: the text of requirements/dev.txt.

    Raises:
        ValueError: for a dependency without a lower bound.
    """
    read = tomllib.loads(pyproject)
    project = read["project"]
    lines = {}
    extras = project.get("optional-dependencies", {}).values()
    for requirement in chain(project["dependencies"], *extras):
        match = REQUIREMENT.match(requirement)
        if match is None:
            raise ValueError(f"{requirement!r} has no lower bound")
        lines[match["name"].lower()] = f"{match['name']}=={match['version']}"
    locked = {match["name"]: match["version"] for match in PINNED.finditer(lock)}
    for requirement in read.get("dependency-groups", {}).get("test", []):
        if isinstance(requirement, str) and (match := REQUIREMENT.match(requirement)):
            name = match["name"].lower()
            if name not in lines and name in locked:
                lines[name] = f"{name}=={locked[name]}"
    return list(lines.values())


if __name__ == "__main__":
    texts = [
        ROOT.joinpath(*path).read_text(encoding="utf-8")
        for path in (["pyproject.toml"], ["requirements", "dev.txt"])
    ]
    sys.stdout.write("\n".join(constraints(*texts)) + "\n")
