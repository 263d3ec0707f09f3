#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2025.10.14"]
# ///
"""The Makefile's checks as nox sessions, for those who have several Pythons at hand."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests; what follows ``--`` goes to pytest."""
    session.install("-e", ".[plot,progress,pandas,jit,test]")
    session.run("pytest", "-n", "2", *session.posargs, env=ONE_THREAD)


@nox.session
def lint(session: nox.Session) -> None:
    """Run the linters and the type checker."""
    session.install("-e", ".[plot,progress,pandas,jit,lint]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("repo-review", ".")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation as HTML."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "-b", "html", "docs", "build/docs")


if __name__ == "__main__":
    nox.main()
