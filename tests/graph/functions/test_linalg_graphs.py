"""Reductions, matrices, segments and transforms build TensorFlow 1.1.0's graphs and complaints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from tests.golden import linalg_mistakes, linalg_programs

GOLDEN = Path(__file__).parents[2] / "golden"
GRAPHS: dict[str, Any] = json.loads((GOLDEN / "graphs_linalg.json").read_text(encoding="utf-8"))
MISTAKES: dict[str, Any] = json.loads((GOLDEN / "mistakes_linalg.json").read_text(encoding="utf-8"))
PROGRAMS = {p.__name__: p for p in linalg_programs.PROGRAMS}

NO_QUANTIZED_TYPES = "the list of types is without the quantized ones"
DIFFERENT = {
    "reductions: sum of bool": NO_QUANTIZED_TYPES,
    "reductions: max of strings": NO_QUANTIZED_TYPES,
    "contractions: sizes at run time": "the mismatch is seen while the graph is built",
}


@pytest.fixture(autouse=True)
def _quiet_fresh_graph() -> Any:
    tf.logging.set_verbosity(tf.logging.ERROR)
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()
    tf.logging.set_verbosity(tf.logging.WARN)


def test_the_golden_files_hold_every_program() -> None:
    assert [*PROGRAMS, "gradients"] == list(GRAPHS)
    assert DIFFERENT.keys() <= MISTAKES.keys()


@pytest.mark.parametrize("name", PROGRAMS)
def test_operations(name: str) -> None:
    """Ids, names, types, inputs and control inputs, in the order they were made."""
    assert linalg_programs.recorded(tf, PROGRAMS[name]) == GRAPHS[name]


def test_gradients_have_tensorflows_names_and_shapes() -> None:
    found = linalg_programs.gradients(tf)
    assert [row[0] for row in found] == [row[0] for row in GRAPHS["gradients"]]
    for row, expected in zip(found, GRAPHS["gradients"], strict=True):
        assert row == expected


@pytest.mark.parametrize("program", linalg_mistakes.PROGRAMS, ids=lambda p: p.__name__)
def test_mistakes(program: Any) -> None:
    """The class and the sentence, up to the node."""
    prefix = f"{program.__name__}: "
    labels = {label for label in MISTAKES if label.startswith(prefix)}
    tf.reset_default_graph()
    for label, mistake in program(tf):
        labels.remove(prefix + label)
        found = linalg_mistakes.said(tf, mistake)
        if prefix + label in DIFFERENT:
            assert found != MISTAKES[prefix + label], f"{label}: no difference any more"
        else:
            assert found == MISTAKES[prefix + label], label
    assert not labels


def test_the_matrix_of_a_tensordot_is_checked_when_built() -> None:
    x = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 2"):
        tf.tensordot(x, x, 1)


@pytest.mark.parametrize("name", ["reduce_sum", "reduce_max"])
def test_types_are_listed_in_tensorflows_order(name: str) -> None:
    listed = (
        "float32, float64, int64, int32, uint8, uint16, int16, int8, complex64, complex128, float16"
    )
    with pytest.raises(TypeError, match=f"DataType bool not in list of allowed values: {listed}$"):
        getattr(tf, name)([True])
