"""Programs of random numbers, conditionals, loops and checks do what TensorFlow 1.1.0 does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.golden import control_programs as programs
from tests.interpreter import Interpreter

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "golden" / "graphs_control.json.gz").read_bytes())
)

# Where TensorFlow's own sentence or outcome is not what we want.
DIFFERENCES = {
    "number for loop variables": "TypeError",  # Python's own sentence, which versions reword
}


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def named(programs: Any) -> Any:
    return pytest.mark.parametrize("program", programs, ids=lambda p: p.__name__)


def test_the_golden_file_is_whole() -> None:
    for part, known in (
        ("plain", programs.PLAIN),
        ("bodies", programs.BODIES),
        ("runs", programs.RUNS),
    ):
        assert GOLDEN[part].keys() == {p.__name__ for p in known}
    assert GOLDEN["mistakes"].keys() == programs.MISTAKES.keys()


@named(programs.PLAIN)
def test_operations(program: Any) -> None:
    """Ids, names, types, inputs, control inputs and seeds, in the order they were made."""
    assert programs.plain(tf, program) == GOLDEN["plain"][program.__name__]


@named(programs.BODIES)
def test_results_of_bodies(program: Any) -> None:
    """Names and shapes of results; numbers go on as if the bodies stood in the graph."""
    found = json.loads(json.dumps(programs.bodies(tf, program)))
    expected = GOLDEN["bodies"][program.__name__]
    assert found["results"] == expected["results"]
    assert found["last"] == expected["last"]
    assert set(found["names"]) <= set(expected["names"])


@pytest.mark.parametrize("title", programs.MISTAKES)
def test_mistakes(title: str) -> None:
    """The class of what is raised, and the sentence."""
    expected = GOLDEN["mistakes"][title]
    assert expected is not None
    found = programs.mistake(tf, title)
    assert found is not None
    if title in DIFFERENCES:
        assert found[0] == expected[0] == DIFFERENCES[title]
    else:
        assert found == expected


def assert_values(found: Any, expected: Any) -> None:
    for values, wanted in zip(found, expected, strict=True):
        for value, other in zip(values, wanted, strict=True):
            assert np.shape(value) == np.shape(other)
            np.testing.assert_allclose(value, other, rtol=2e-6, atol=2e-6)


@named(programs.RUNS)
def test_values(program: Any) -> None:
    """Values and gradients, run after run, random numbers included."""
    assert_values(programs.run(tf, program), GOLDEN["runs"][program.__name__])


@named(programs.RUNS)
def test_values_without_plans(program: Any) -> None:
    """The same by the plain interpreter."""
    programs.start(tf)
    first, runs = program(tf)
    interpreter = Interpreter()
    if first is not None:
        interpreter.run([first])
    found = []
    for fetches, feeds in runs:
        tensors = [getattr(f, "_variable", f) for f in fetches]
        found.append([np.asarray(v).tolist() for v in interpreter.run(tensors, feeds)])
    assert_values(found, GOLDEN["runs"][program.__name__])
