"""Variables by name: making, sharing, and what a scope says about both."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import bool_, float32, float64, int32, string
from skflow.graph.functions import control, math
from skflow.graph.initializers import Initializer, constant_initializer, zeros_initializer
from skflow.graph.scopes import name_scope
from skflow.graph.variable_scope import (
    VariableScope,
    get_local_variable,
    get_variable,
    get_variable_scope,
    no_regularizer,
    variable_op_scope,
    variable_scope,
)
from skflow.graph.variable_store import AUTO_REUSE
from skflow.graph.variables import Variable


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


# ---- making and sharing ---------------------------------------------------------------------


def test_scopes_prefix_names() -> None:
    with variable_scope("a"), variable_scope("b"):
        v = get_variable("v", [2])
    assert (v.name, v.dtype.name, v.get_shape().as_list()) == ("a/b/v:0", "float32_ref", [2])


def test_reuse() -> None:
    with variable_scope("a") as scope:
        v = get_variable("v", [2])
        scope.reuse_variables()
        assert get_variable("v") is v
    with variable_scope("a", reuse=True):
        assert get_variable("v", [2]) is v
        with variable_scope("b") as inner:
            assert inner.reuse is True
    with variable_scope("a", reuse=False), pytest.raises(ValueError, match="already exists"):
        get_variable("v", [2])


def test_reuse_is_inherited_by_false() -> None:
    with variable_scope("a", reuse=True), variable_scope("b", reuse=False) as scope:
        assert scope.reuse is True


def test_auto_reuse() -> None:
    with variable_scope("a", reuse=AUTO_REUSE) as scope:
        v = get_variable("v", [2])
        assert get_variable("v", [2]) is v
        with variable_scope("b") as inner:
            assert inner.reuse is AUTO_REUSE
            w = get_variable("w", [1])
    with variable_scope(scope):
        assert get_variable("v") is v
    with variable_scope("a", reuse=AUTO_REUSE), variable_scope("b"):
        assert get_variable("w") is w
    with variable_scope(None, "c", reuse=AUTO_REUSE):
        assert get_variable("x", []) is get_variable("x", [])


def test_a_scope_made_by_hand_shares_if_it_can() -> None:
    scope = VariableScope(None, name="hand")
    with variable_scope(scope):
        assert get_variable("v", []) is get_variable("v")


def test_body_graphs_share_the_outer_variables(graph: Graph) -> None:
    found = []

    def branch() -> Any:
        with variable_scope("a", reuse=AUTO_REUSE):
            found.append(get_variable("v", [], initializer=zeros_initializer()))
        return found[-1] + 1.0

    control.cond(constant(True), branch, branch)
    assert found[0] is found[1]
    assert found[0].graph is graph
    assert found[0].name == "a/v:0"


def test_graphs_share_nothing() -> None:
    v = get_variable("v", [])
    with Graph().as_default():
        assert get_variable("v", []) is not v


def test_threads_of_one_graph_see_one_store(graph: Graph) -> None:
    v, found = get_variable("v", []), []

    def use() -> None:
        with graph.as_default(), variable_scope("", reuse=True):
            found.append(get_variable("v"))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [v]


def test_defined_twice_names_the_users_line() -> None:
    with variable_scope("relu"):
        get_variable("t", shape=())
        with pytest.raises(ValueError) as caught:
            get_variable("t", shape=())
    said, _, listing = str(caught.value).partition("\n\n")
    assert said == (
        "Variable relu/t already exists, disallowed. Did you mean to set reuse=True in VarScope? "
        "Originally defined at:"
    )
    lines = listing.splitlines()
    assert lines[0].startswith(f'  File "{__file__}", line ')
    assert lines[0].endswith("in test_defined_twice_names_the_users_line")
    assert lines[1] == '    get_variable("t", shape=())'
    assert 1 <= sum(line.startswith("  File") for line in lines) <= 3


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        (
            None,
            {},
            (
                "Variable a/t does not exist, or was not created with tf.get_variable(). Did "
                "you mean to set reuse=None in VarScope?"
            ),
        ),
        (
            {"shape": (2,)},
            {"shape": (3,)},
            "Trying to share variable a/t, but specified shape (3,) and found shape (2,).",
        ),
        (
            {"shape": (2,)},
            {"shape": (2,), "dtype": int32},
            (
                "Trying to share variable a/t, but specified dtype int32 and found dtype "
                "float32_ref."
            ),
        ),
    ],
)
def test_mistakes_in_sharing(first: Any, then: Any, message: str) -> None:
    if first is not None:
        with variable_scope("a"):
            get_variable("t", **first)
    with variable_scope("a", reuse=True), pytest.raises(ValueError) as caught:
        get_variable("t", **then)
    assert str(caught.value) == message


def test_plain_variables_are_not_shared() -> None:
    with variable_scope("a"):
        assert Variable(1.0, name="t").name == "a/t:0"
    with variable_scope("a", reuse=True), pytest.raises(ValueError, match="does not exist, or was"):
        get_variable("t")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Shape of a new variable (t) must be fully defined, but instead was <unknown>."),
        (
            {"shape": (None, 2)},
            "Shape of a new variable (t) must be fully defined, but instead was (?, 2).",
        ),
        (
            {"shape": (2,), "initializer": [1.0, 2.0]},
            "If initializer is a constant, do not specify shape.",
        ),
        (
            {"shape": (2,), "dtype": string},
            "An initializer for variable t of <dtype: 'string'> is required",
        ),
        (
            {"initializer": 1, "dtype": float32},
            (
                "Initializer type '<dtype: 'int32'>' and explicit dtype '<dtype: 'float32'>' don't "
                "match."
            ),
        ),
        ({"shape": (), "custom_getter": 3}, "Passed a custom_getter which is not callable: 3"),
        ({"shape": (2,), "partitioner": 3}, "Partitioner must be callable, but received: 3"),
    ],
)
def test_mistakes_in_making(given: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        get_variable("t", **given)
    assert str(caught.value) == message


# ---- what a variable starts from ------------------------------------------------------------


def test_default_first_values() -> None:
    kinds = {
        kind.name: [op.type for op in (get_variable(kind.name, (2, 3), kind).initial_value.op,)]
        for kind in (float32, float64, int32, bool_)
    }
    assert kinds == {"float32": ["Add"], "float64": ["Add"], "int32": ["Const"], "bool": ["Const"]}


def test_the_scopes_defaults() -> None:
    with variable_scope(
        "a", initializer=constant_initializer(3), dtype=float64, caching_device="/cpu:0"
    ):
        v = get_variable("v", [2])
        w = get_variable(
            "w", [2], dtype=float32, initializer=zeros_initializer(), caching_device="/cpu:1"
        )
        with variable_scope("b", dtype=int32):
            u = get_variable("u", [2])
    assert [x.dtype.base_dtype for x in (v, w, u)] == [float64, float32, int32]
    assert [x.initial_value.op.get_attr("value").tolist() for x in (v, w, u)] == [
        [3.0, 3.0],
        [0.0, 0.0],
        [3, 3],
    ]
    assert v.value().device != w.value().device


def test_initializers_may_be_classes_and_functions() -> None:
    seen = []

    def old_fashioned(shape: Any, dtype: Any, partition_info: Any) -> Any:
        seen.append((shape, dtype, partition_info))
        return np.ones(shape, dtype.as_numpy_dtype)

    class Own(Initializer):
        def __init__(self, dtype: Any) -> None:
            self.dtype = dtype

        def _make(self, shape: Any, dtype: Any) -> Any:
            return constant(7, dtype=dtype, shape=shape)

    assert get_variable("a", [2], initializer=Own).initial_value.op.get_attr("value").tolist() == [
        7,
        7,
    ]
    get_variable("b", [2], initializer=old_fashioned)
    get_variable("c", [2], initializer=lambda shape, dtype: np.zeros(shape, dtype.as_numpy_dtype))
    assert seen == [([2], float32, None)]


def test_trainable_and_collections() -> None:
    v = get_variable("v", [], trainable=False, collections=["mine"])
    w = get_local_variable("w", [], collections=["mine"])
    assert get_collection("mine") == [v, w]
    assert get_collection(GraphKeys.LOCAL_VARIABLES) == [w]
    assert get_collection(GraphKeys.TRAINABLE_VARIABLES) == []


def test_regularizers() -> None:
    def penalty(v: Any) -> Any:
        return math.reduce_sum(v * v)

    with variable_scope("r", regularizer=penalty):
        get_variable("a", [2])
        get_variable("b", [2], regularizer=no_regularizer)
        with variable_scope("s", regularizer=no_regularizer):
            get_variable("c", [2])
    with variable_scope("r", regularizer=penalty, reuse=True):
        get_variable("a")
    assert [x.name for x in get_collection(GraphKeys.REGULARIZATION_LOSSES)] == [
        "r/a/Regularizer/Sum:0"
    ]


def test_getters_wrap_one_another() -> None:
    said = []

    def outer(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        said.append(("outer", name, kwargs["shape"], kwargs["reuse"]))
        return getter(name, *args, **kwargs)

    def inner(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        said.append(("inner", name, kwargs["shape"], kwargs["reuse"]))
        return getter(f"{name}_own", *args, **kwargs)

    with variable_scope("s", custom_getter=outer), variable_scope("t", custom_getter=inner):
        assert get_variable("v", [2]).name == "s/t/v_own:0"
    assert said == [("inner", "s/t/v", [2], False), ("outer", "s/t/v_own", [2], False)]


# ---- scopes ---------------------------------------------------------------------------------


def test_the_scope_of_the_block() -> None:
    assert (get_variable_scope().name, get_variable_scope().reuse) == ("", False)
    with variable_scope("a", use_resource=True) as scope:
        assert get_variable_scope() is scope
        assert scope.use_resource is True
        get_variable("v", [])
    assert get_variable_scope().name == ""
    assert [v.name for v in scope.global_variables()] == ["a/v:0"]
    assert [v.name for v in scope.trainable_variables()] == ["a/v:0"]
    assert get_variable_scope().trainable_variables() == scope.trainable_variables()


def test_settings_are_the_scopes_own() -> None:
    with variable_scope("a") as scope:
        for name in (
            "initializer",
            "regularizer",
            "caching_device",
            "partitioner",
            "custom_getter",
            "dtype",
            "use_resource",
        ):
            getattr(scope, f"set_{name}")("given")
            assert getattr(scope, name) == "given"
    with variable_scope("b") as other:
        assert other.initializer is None


def test_settings_hold_in_a_scope_opened_again() -> None:
    with variable_scope("a", initializer=constant_initializer(3)) as scope:
        pass
    with variable_scope("b", initializer=zeros_initializer()), variable_scope(scope):
        v = get_variable("v", [1])
    assert (v.name, v.initial_value.op.get_attr("value").tolist()) == ("a/v:0", [3.0])


def test_an_error_leaves_the_scope() -> None:
    with pytest.raises(KeyError), variable_scope("a"):
        raise KeyError
    assert get_variable_scope().name == ""


def test_default_names_are_unique() -> None:
    names = []
    for _ in range(2):
        with variable_scope(None, "made") as scope:
            names.append((scope.name, get_variable("v", []).name))
    with variable_scope("outer"), variable_scope(None, default_name="made") as scope:
        names.append((scope.name, get_variable("v", []).name))
    assert names == [
        ("made", "made/v:0"),
        ("made_1", "made_1/v:0"),
        ("outer/made", "outer/made/v:0"),
    ]


def test_variable_scopes_open_name_scopes() -> None:
    with variable_scope("a"):
        assert constant(1, name="c").name == "a/c:0"
        with name_scope("n"):
            assert get_variable("v", []).name == "a/v:0"
    with variable_scope("a") as scope:
        assert constant(1, name="c").name == "a_1/c:0"
        assert scope.original_name_scope == "a_1/"
    with variable_scope("") as root:
        assert constant(1, name="c").name == "c:0"
        assert root.original_name_scope == ""


def test_values_choose_the_graph() -> None:
    other = Graph()
    with other.as_default():
        start = constant(1.0)
    with variable_scope("a", values=[start]):
        assert get_variable("v", []).graph is other
    with variable_op_scope([start], "b", reuse=None):
        assert get_variable("v", []).graph is other


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"name_or_scope": None},
            TypeError,
            "If default_name is None then name_or_scope is required",
        ),
        (
            {"name_or_scope": "a", "reuse": 3},
            ValueError,
            "The reuse parameter must be True or False or None.",
        ),
        (
            {"name_or_scope": 3},
            TypeError,
            "VariableScope: name_or_scope must be a string or VariableScope.",
        ),
        (
            {"name_or_scope": None, "default_name": "a", "reuse": True},
            ValueError,
            "reuse=True cannot be used without a name_or_scope",
        ),
    ],
)
def test_mistakes_in_scopes(given: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught, variable_scope(**given):
        pass
    assert str(caught.value) == message
