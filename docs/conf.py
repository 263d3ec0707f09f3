"""Sphinx's settings for the skflow documentation."""

from __future__ import annotations

import re
from importlib.metadata import version as installed_version
from typing import Any

project = "skflow"
author = "The skflow developers"
project_copyright = "2026, The skflow developers"
release = installed_version("skflow")
version = ".".join(release.split(".")[:2])

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True
# The word "shape" in an attribute's type is no reference to one of several attributes.
suppress_warnings = ["ref.python"]
smartquotes = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"

html_theme = "alabaster"
html_title = f"skflow {release}"
html_theme_options = {
    "description": "TensorFlow 1.1's graphs and sessions on NumPy",
    "fixed_sidebar": True,
}

LITERAL = re.compile(r"(`+[^`]+`+)")
PARAMETER = re.compile(r"\s*\*{1,2}\w+(, \*{1,2}\w+)* : ")


def escaped(text: str) -> str:
    """Text in which asterisks and final underscores mean themselves, outside literals."""
    parts = LITERAL.split(text)
    parts[::2] = [re.sub(r"\*|_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def plain_prose(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Let docstrings be read as prose: ``coef_`` is a name, not a link, and ``*`` no emphasis."""
    del app, what, name, obj, options
    example = False
    for i, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if line.strip("- ") and not example:
            named = PARAMETER.match(line)
            at = named.end() if named else 0
            lines[i] = line[:at] + escaped(line[at:])


def setup(app: Any) -> None:
    """Have docstrings prepared before napoleon reads their sections."""
    app.connect("autodoc-process-docstring", plain_prose, priority=400)
