"""Help for the tests of those who build on the engine: a test case and gradient checks."""

from __future__ import annotations

import sys
import unittest

from skflow.test.case import TestCase
from skflow.test.gradient_checker import compute_gradient, compute_gradient_error

__all__ = ["TestCase", "compute_gradient", "compute_gradient_error", "main"]


def main(argv: list[str] | None = None) -> None:
    """Run the tests of the main module and exit, with status 0 if all of them pass.

    Parameters
    ----------
    argv : list of str, optional
        The command line, program name first; by default that of the process.
    """
    unittest.main(argv=sys.argv if argv is None else argv)
