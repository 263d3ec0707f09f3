"""Lists of variables, and operations over a whole list."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from skflow import errors
from skflow.graph import variable_sets as sets
from skflow.graph.collections import GraphKeys
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32
from skflow.graph.registry import raw
from skflow.graph.variables import Variable
from skflow.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def test_lists() -> None:
    keys = {
        "global_variables": GraphKeys.GLOBAL_VARIABLES,
        "local_variables": GraphKeys.LOCAL_VARIABLES,
        "model_variables": GraphKeys.MODEL_VARIABLES,
        "moving_average_variables": GraphKeys.MOVING_AVERAGE_VARIABLES,
    }
    made = {n: Variable(1.0, trainable=False, collections=[k]) for n, k in keys.items()}
    trained = Variable(1.0, collections=[])
    for name, variable in made.items():
        found = getattr(sets, name)()
        assert found == [variable]
        found.clear()
        assert getattr(sets, name)() == [variable]
    assert sets.trainable_variables() == [trained]


def test_initializers() -> None:
    a = Variable(1.0)
    b = Variable(2.0, collections=[GraphKeys.LOCAL_VARIABLES])
    steps = [sets.global_variables_initializer(), sets.local_variables_initializer()]
    with Session() as session:
        for step, reported in zip(
            [None, *steps], [[b"Variable", b"Variable_1"], [b"Variable_1"], []], strict=True
        ):
            if step is not None:
                session.run(step)
            assert session.run(sets.report_uninitialized_variables()).tolist() == reported
        assert session.run([a, b]) == [1.0, 2.0]
    assert [op.type for op in steps] == ["NoOp", "NoOp"]
    assert steps[0].control_inputs == [a.initializer]
    assert sets.variables_initializer([], name="nothing").control_inputs == []


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("all_variables", "global_variables"),
        ("initialize_all_variables", "global_variables_initializer"),
        ("initialize_local_variables", "local_variables_initializer"),
    ],
)
def test_old_names(name: str, instead: str, caplog: Any) -> None:
    v = Variable(1.0, collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES])
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        found = getattr(sets, name)()
    assert found == [v] if name == "all_variables" else found.control_inputs == [v.initializer]
    assert caplog.messages == [f"{name} is deprecated: use tf.{instead} instead."]


def test_old_name_of_variables_initializer(caplog: Any) -> None:
    v = Variable(1.0)
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        assert sets.initialize_variables([v], name="x").name == "x"
    assert len(caplog.messages) == 1


def test_report() -> None:
    assert Session().run(sets.report_uninitialized_variables()).tolist() == []
    a, b = Variable(1.0, name="a"), Variable(1.0, name="b")
    report = sets.report_uninitialized_variables([b])
    with Session() as session:
        session.run(a.initializer)
        assert session.run(report).tolist() == [b"b"]
        session.run(b.initializer)
        assert session.run(report).tolist() == []


def test_bare_operations_are_found_too() -> None:
    raw.VariableV2(shape=(), dtype=float32, name="bare")
    assert Session().run(sets.report_uninitialized_variables()).tolist() == [b"bare"]
    with pytest.raises(errors.FailedPreconditionError, match="uninitialized value bare"):
        Session().run(sets.assert_variables_initialized())


def test_assert_initialized() -> None:
    assert sets.assert_variables_initialized() is None
    a, b = Variable(1.0, name="a"), Variable([1.0], name="b")
    check = sets.assert_variables_initialized()
    with Session() as session:
        session.run(a.initializer)
        with pytest.raises(errors.FailedPreconditionError, match="uninitialized value b"):
            session.run(check)
        session.run(b.initializer)
        session.run(check)


def test_is_variable_initialized() -> None:
    v = Variable(1.0)
    known = sets.is_variable_initialized(v)
    with Session() as session:
        assert not session.run(known)
        session.run(v.initializer)
        assert session.run(known)
