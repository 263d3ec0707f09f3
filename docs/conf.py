"""Sphinx's settings for the skflow documentation."""

from __future__ import annotations

from importlib.metadata import version as installed_version

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
autodoc_typehints = "none"
autodoc_member_order = "bysource"

html_theme = "alabaster"
html_title = f"skflow {release}"
html_theme_options = {
    "description": "TensorFlow 1.1's graphs and sessions on NumPy",
    "fixed_sidebar": True,
}
