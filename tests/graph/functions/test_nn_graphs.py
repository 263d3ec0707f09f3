"""Neural network and sparse functions build TensorFlow 1.1.0's graphs, operation by operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from tests.golden import nn_programs

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "graphs_nn.json").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    yield
    tf.reset_default_graph()


def test_the_golden_file_is_whole() -> None:
    assert GOLDEN["graphs"].keys() == {p.__name__ for p in nn_programs.PROGRAMS}
    assert GOLDEN["gradients"].keys() == {p.__name__ for p in nn_programs.GRADIENTS}


@pytest.mark.parametrize("program", nn_programs.PROGRAMS, ids=lambda p: p.__name__)
def test_operations(program: Any) -> None:
    """Ids, names, types, inputs and control inputs, in the order they were made."""
    assert nn_programs.observe(tf, program) == GOLDEN["graphs"][program.__name__]


@pytest.mark.parametrize("program", nn_programs.GRADIENTS, ids=lambda p: p.__name__)
def test_gradients(program: Any) -> None:
    """The names of the results: what is inside may be leaner."""
    assert nn_programs.names(tf, program) == GOLDEN["gradients"][program.__name__]
