"""The counter of"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from skflow.graph.collections import GraphKeys, add_to_collection, get_collection
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import int32, int64
from skflow.graph.functions import array
from skflow.graph.scopes import name_scope
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
    global_step,
)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def test_none_yet() -> None:
    assert get_global_step() is None


def test_create() -> None:
    with name_scope("inside"):
        made = create_global_step()
    assert (made.name, made.dtype.base_dtype, made.get_shape().as_list()) == (
        "global_step:0",
        int64,
        [],
    )
    assert get_collection(GraphKeys.GLOBAL_VARIABLES) == [made]
    assert get_collection(GraphKeys.TRAINABLE_VARIABLES) == []
    assert get_global_step() is get_or_create_global_step() is made
    with pytest.raises(ValueError, match='^"global_step" already exists.$'):
        create_global_step()
    with Session() as session:
        session.run(made.initializer)
        session.run(made.assign_add(3))
        assert global_step(session, made) == 3


def test_of_another_graph(graph: Graph) -> None:
    other = Graph()
    made = get_or_create_global_step(other)
    assert made.graph is other
    assert get_global_step(other) is made
    assert get_global_step() is None
    assert get_or_create_global_step().graph is graph


def test_found_by_its_name() -> None:
    v = Variable(0, name="global_step", trainable=False)
    assert get_global_step() is v.op.outputs[0]


def test_more_than_one(caplog: Any) -> None:
    for _ in range(2):
        add_to_collection(GraphKeys.GLOBAL_STEP, Variable(0))
    with caplog.at_level(logging.ERROR, logger="tensorflow"):
        assert get_global_step() is None
    assert caplog.messages == ["Multiple tensors in global_step collection."]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: "a", 'Existing "global_step" must be a Variable or Tensor: a.'),
        (
            lambda: constant(1.0),
            "Existing \"global_step\" does not have integer type: <dtype: 'float32'>",
        ),
        (lambda: constant([1, 2]), 'Existing "global_step" is not scalar: (2,)'),
        (lambda: array.placeholder(int32), 'Existing "global_step" is not scalar: <unknown>'),
    ],
)
def test_mistakes(make: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        assert_global_step(make())
    assert str(caught.value) == message


def test_what_will_do() -> None:
    assert_global_step(constant(1))
    assert_global_step(Variable(1))
