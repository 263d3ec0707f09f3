"""Print the oldest dependencies that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

EXTRAS = ("plot", "progress", "pandas", "jit")

# Matplotlib's floor calls names that pyparsing 3.3 deprecates, and warnings are errors in tests.
BESIDE = ("pyparsing<3.3",)


def main() -> None:
    """Print ``name==floor`` for the core's dependencies and the optional ones tests use."""
    pyproject = Path(__file__).resolve().parent.parent / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    requirements = list(project["dependencies"])
    for extra in EXTRAS:
        requirements += project["optional-dependencies"][extra]
    for requirement in requirements:
        floor = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if floor is None:
            raise ValueError(f"{requirement!r} is not of the form name>=version.")
        print(f"{floor[1]}=={floor[2]}")
    print("\n".join(BESIDE))


if __name__ == "__main__":
    main()
