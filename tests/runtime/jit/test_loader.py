"""What kernels call is what NumPy calls."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.runtime.jit import loader


def test_loops_are_those_of_numpy() -> None:
    found = loader.find_loops()
    assert {name for name, _ in found} <= set(loader.LOOPS)
    assert all(address for address, _ in found.values())
    for name in loader.LOOPS:
        assert (name, "f") in found
        assert (name, "d") in found


def test_a_function_that_looks_otherwise_is_left_out() -> None:
    for function in (np.add, np.frexp, np.isnan):
        with pytest.raises(ValueError):
            loader._loop_of(function, "g" if function is np.add else "d")


def test_a_function_that_computes_something_else_is_left_out() -> None:
    address, data = loader._loop_of(np.exp, "d")
    with pytest.raises(ValueError):
        loader._try(np.log, "d", address, data)


def test_the_library_that_multiplies() -> None:
    blas = loader.find_blas()
    if blas is not None:
        assert {"sgemm", "dgemm", "sgemv", "dgemv"} <= set(blas.addresses)
        assert all(blas.addresses.values())
    assert loader.machine() is loader.machine()
