"""Files name functions that build graph of tensors, and optimizers; nothing else."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import skflow as tf
from skflow.estimators import public_functions
from skflow.estimators.networks import ACTIVATIONS


def test_names_are_those_that_programs_use() -> None:
    for name, function in public_functions.functions().items():
        found: Any = tf
        for part in name.removeprefix("tf.").split("."):
            found = getattr(found, part)
        assert found is function
        assert public_functions.functions()[public_functions.name_of(function) or ""] is function


def test_activations_and_optimizers_have_names() -> None:
    for function in ACTIVATIONS.values():
        assert function is None or public_functions.name_of(function)
    assert public_functions.name_of(tf.nn.relu) == "tf.nn.relu"
    assert public_functions.name_of(tf.train.AdamOptimizer) == "tf.train.AdamOptimizer"
    assert len(public_functions.optimizers()) >= 13


@pytest.mark.parametrize(
    "function",
    [tf.py_func, tf.train.write_graph, tf.train.Saver, tf.Session, tf.Graph, tf.train.Optimizer],
)
def test_what_does_more_has_none(function: Any) -> None:
    assert public_functions.name_of(function) is None


def test_no_function_touches_files_or_calls_others() -> None:
    for function in public_functions.functions().values():
        if inspect.isfunction(function):
            assert function.__module__.startswith("skflow.graph.functions.")
        else:
            assert issubclass(function, tf.train.Optimizer)  # type: ignore[arg-type]


def test_changed_optimizers_have_no_call() -> None:
    optimizer = tf.train.AdamOptimizer(0.1)
    assert public_functions.arguments_of(optimizer) == {
        "learning_rate": 0.1,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "use_locking": False,
        "name": "Adam",
    }
    optimizer.speed = 3
    assert public_functions.arguments_of(optimizer) is None
    assert public_functions.arguments_of(tf.train.AdamOptimizer(tf.nn)) is None
