"""Programs with variables, scopes and optimizers build TensorFlow 1.1.0's graphs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from tests.golden import variable_programs

GOLDEN = Path(__file__).parents[1] / "golden" / "graphs_variables.json.gz"
OBSERVED: dict[str, Any] = json.loads(gzip.decompress(GOLDEN.read_bytes()))

# TensorFlow takes a slice of the gradient only to ask where it would run.
LEFT_OUT = "/strided_slice"


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    yield
    tf.reset_default_graph()


def _is_gradient(name: str) -> bool:
    return name.startswith("gradients") or "/gradients" in name


def _forward(graph: list[Any]) -> list[Any]:
    """The operations made before the first gradient."""
    for i, operation in enumerate(graph):
        if _is_gradient(operation[1]):
            return graph[:i]
    return graph


def _later(graph: list[Any]) -> dict[str, Any]:
    """Types and groups of the operations made after that and outside the gradients."""
    return {
        name: (kind, groups)
        for _, name, kind, _, _, groups in graph[len(_forward(graph)) :]
        if not _is_gradient(name) and LEFT_OUT not in name
    }


@pytest.mark.parametrize("name", variable_programs.PROGRAMS)
def test_graph_and_results_equal_tensorflows(name: str) -> None:
    graph, result = variable_programs.run(tf, variable_programs.PROGRAMS[name])
    graph, result = json.loads(json.dumps([graph, result]))
    observed = OBSERVED["graphs"][name]
    assert _forward(graph) == _forward(observed)
    assert _later(graph) == _later(observed)
    assert result == OBSERVED["results"][name]


def test_every_program_was_observed() -> None:
    assert OBSERVED["graphs"].keys() == variable_programs.PROGRAMS.keys()
