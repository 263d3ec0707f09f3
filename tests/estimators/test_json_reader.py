"""What `JsonWriter` has written, `JsonReader` reads as it was; what it has not, it refuses."""

from __future__ import annotations

import datetime as dt
import json
import math
import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as numpy_strategies

import skflow as tf
from skflow.estimators import schedules
from skflow.estimators.columns import Columns
from skflow.estimators.json_reader import JsonReader, custom_names
from skflow.estimators.json_writer import JsonWriter
from tests.estimators.cases import FRAME, LinearRegressor


def through(value: Any, custom: Any = None) -> Any:
    """A value after it was text."""
    writer = JsonWriter()
    text = json.dumps(writer.write(value, "the value"), allow_nan=False)
    beside = [np.frombuffer(array.tobytes(), np.uint8) for array in writer.arrays]
    return JsonReader(custom or {}, "a.json", beside.__getitem__).read(json.loads(text))


def read(value: Any, *beside: Any) -> Any:
    arrays = [np.frombuffer(b, np.uint8) for b in beside]
    return JsonReader({}, "a.json", arrays.__getitem__).read(value)


def alike(a: Any, b: Any) -> bool:
    """Whether two values are of the same types and equal, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype != object:
            # The bits of what is not a number say nothing.
            return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM"))
        return all(map(alike, a.reshape(-1), b.reshape(-1)))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(alike, a.items(), b.items()))
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and alike(np.asarray(a), np.asarray(b))
    if isinstance(a, float):
        same_sign = math.copysign(1, a) == math.copysign(1, b)
        return math.isnan(a) == math.isnan(b) and (math.isnan(a) or (a == b and same_sign))
    return bool(a == b)


DTYPES = st.one_of(
    numpy_strategies.boolean_dtypes(),
    numpy_strategies.integer_dtypes(),
    numpy_strategies.unsigned_integer_dtypes(),
    numpy_strategies.floating_dtypes(sizes=(16, 32, 64)),
    numpy_strategies.complex_number_dtypes(sizes=(64, 128)),
    numpy_strategies.datetime64_dtypes(),
    numpy_strategies.timedelta64_dtypes(),
    numpy_strategies.unicode_string_dtypes(),
)
SHAPES = numpy_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12)
ARRAYS = DTYPES.flatmap(lambda dtype: numpy_strategies.arrays(dtype, SHAPES))
SCALARS = numpy_strategies.arrays(
    st.sampled_from(["?", "<i4", "<u8", "<f4", "<M8[s]", "<m8[D]"]), ()
)
KEYS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
TIMES = st.one_of(
    st.datetimes(),
    st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=3)))),
    st.dates(),
    st.times(),
    st.timedeltas(),
)
LEAVES = st.one_of(KEYS, st.floats(), TIMES, ARRAYS, SCALARS.map(lambda a: a[()]), DTYPES)


def several(values: Any) -> Any:
    objects = st.lists(values, max_size=3).map(as_objects)
    return st.one_of(
        st.lists(values, max_size=4),
        st.lists(values, max_size=4).map(tuple),
        st.dictionaries(KEYS, values, max_size=3),
        objects,
    )


def as_objects(values: list[Any]) -> Any:
    found = np.empty(len(values), object)
    found[:] = values
    return found


@settings(max_examples=300, deadline=None)
@given(st.recursive(LEAVES, several, max_leaves=12))
def test_values_come_back_as_they_were(value: Any) -> None:
    assert alike(through(value), value)


@pytest.mark.parametrize(
    "value",
    [
        schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5, staircase=True),
        schedules.PiecewiseConstantDecay([1, 5], [0.1, 0.01, np.float64(0.001)]),
        np.str_("a word"),
        np.float16(-0.0),
        float,
        np.float32,
        np.dtype("float32"),
        tf.nn.relu,
        tf.tanh,
        tf.identity,
        tf.train.AdamOptimizer,
        pathlib.Path("runs") / "7",
        pd.Timestamp("2020-02-29 12:00:00.123456789"),
        pd.Timestamp(5, unit="s"),
        pd.Timedelta("3 days 00:00:00.5"),
        pd.Interval(0.5, 2.0, closed="left"),
        pd.Interval(pd.Timestamp(0), pd.Timestamp(9)),
    ],
)
def test_other_kinds_of_values_come_back(value: Any) -> None:
    found = through(value)
    assert type(found) is type(value)
    assert found == value
    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    "optimizer",
    [
        tf.train.AdadeltaOptimizer(0.5, rho=0.8),
        tf.train.AdagradOptimizer(0.2),
        tf.train.AdamOptimizer(0.01, beta1=np.float32(0.5), name="mine"),
        tf.train.AdamWOptimizer(1e-3, 0.02),
        tf.train.FtrlOptimizer(0.1, l1_regularization_strength=2.0),
        tf.train.GradientDescentOptimizer(3),
        tf.train.LazyAdamOptimizer(),
        tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        tf.train.NadamOptimizer(),
        tf.train.ProximalAdagradOptimizer(0.1),
        tf.train.ProximalGradientDescentOptimizer(0.1),
        tf.train.RMSPropOptimizer(0.1, centered=True, use_locking=True),
    ],
    ids=lambda o: type(o).__name__,
)
def test_optimizers_come_back(optimizer: Any) -> None:
    found = through(optimizer)
    assert type(found) is type(optimizer)
    assert vars(found) == vars(optimizer)


@pytest.mark.parametrize("draws", [0, 1, 700])
def test_random_states_go_on(draws: int) -> None:
    state = np.random.RandomState(3)
    state.normal(size=draws)
    found = through(state)
    assert found is not state
    assert (found.normal(size=9) == state.normal(size=9)).all()
    assert found.randint(1 << 30) == state.randint(1 << 30)


def test_large_arrays_lie_beside_the_text_once() -> None:
    writer = JsonWriter()
    large = np.arange(1000.0).reshape(10, 100).T
    written = writer.write([large, large, large.copy()], "the value")
    assert len(json.dumps(written)) < 200
    assert len(writer.arrays) == 2
    first, second, third = through([large, large, large.copy()])
    assert first is second
    assert (first == large).all()
    assert (third == large).all()


def test_columns_with_categories_come_back() -> None:
    frame = FRAME.assign(
        when=pd.Categorical(pd.to_datetime(["2020-01-01", "2021-06-01"] * 30)),
        band=pd.cut(FRAME["a"], [-9, 0, 1, 9]),
        flag=pd.Categorical([True, False] * 30),
        rank=pd.Categorical([3, 1, 2] * 20, ordered=True),
        hole=pd.Categorical(["x", None] * 30),
    )
    model = LinearRegressor()
    columns, features = Columns.fit(model, frame, "from_dtype", None)
    writer = JsonWriter()
    written = json.loads(json.dumps(writer.columns(columns, "the model")))
    found = JsonReader({}, "a.json", writer.arrays.__getitem__).columns(written)
    assert (found.transform(model, frame).codes == features.codes).all()
    assert (found.transform(model, frame).numeric == features.numeric).all()
    strange = frame.assign(color="pink", hole="y", rank=pd.Categorical([9] * 60))
    assert (found.transform(model, strange).codes == columns.transform(model, strange).codes).all()
    assert vars(found.encoder).keys() == vars(columns.encoder).keys()
    assert replace(found, encoder=None).spec == columns.spec
    assert (found.names() == columns.names()).all()


def one(value: int) -> int:
    return value + 1


class Two:
    pass


def test_functions_of_the_user_are_asked_for_by_name() -> None:
    written = JsonWriter().write({"f": one, "g": [one, Two]}, "the value")
    assert custom_names(json.loads(json.dumps(written))) == {"one", "Two"}
    assert through([one, Two], {"one": one, "Two": len}) == [one, len]
    with pytest.raises(ValueError, match=r"a\.json holds 'one', which is not among the custom"):
        through(one)


NO_SENSE: list[tuple[Any, str]] = [
    ({}, "an object with the keys []"),
    ({"$tuple": [], "$dict": []}, "an object with the keys"),
    ({"$eval": "1"}, "a value of the kind '$eval'"),
    ({"tuple": []}, "a value of the kind 'tuple'"),
    ({"$tuple": 3}, "kind '$tuple' that makes no sense"),
    ({"$float": "1e5"}, "kind '$float' that makes no sense"),
    ({"$float": []}, "kind '$float' that makes no sense"),
    ({"$dict": [[1, 2], [1, 3]]}, "two entries have one key"),
    ({"$dict": [[[], 2]]}, "kind '$dict' that makes no sense"),
    ({"$dict": [[1, 2, 3]]}, "kind '$dict' that makes no sense"),
    ({"$dtype": "O"}, "'O' is not the type"),
    ({"$dtype": "<f8,<f8"}, "is not the type"),
    ({"$dtype": "<f5"}, "kind '$dtype' that makes no sense"),
    ({"$dtype": 8}, "kind '$dtype' that makes no sense"),
    ({"$type": "os.system"}, "kind '$type' that makes no sense"),
    ({"$public": "tf.py_func"}, "kind '$public' that makes no sense"),
    ({"$public": "tf.train.write_graph"}, "kind '$public' that makes no sense"),
    ({"$array": ["<f8", [2], [1.0]]}, "is not its shape"),
    ({"$array": ["<f8", [-1], [1.0]]}, "is no shape"),
    ({"$array": ["<f8", [True], [1.0]]}, "is no shape"),
    ({"$array": ["<f8", [1], ["x"]]}, "not all of type"),
    ({"$array": ["<i8", [1], [1.5]]}, "not all of type"),
    ({"$array": ["<i4", [1], [2**40]]}, "kind '$array' that makes no sense"),
    ({"$array": ["<M8[ns]", [1], ["2020"]]}, "not all of type"),
    ({"$array": ["<U3", [1], [3]]}, "not all of type"),
    ({"$array": ["<U900000", [1], ["x"]]}, "larger than such arrays"),
    ({"$array": ["object", [2], [1]]}, "is not its shape"),
    ({"$array": ["<f8"]}, "kind '$array' that makes no sense"),
    ({"$stored": ["<f8", [2], 0]}, "8 bytes are not an array"),
    ({"$stored": ["<f8", [10**12], 0]}, "8 bytes are not an array"),
    ({"$stored": ["|b1", [8], 0]}, "no truth values"),
    ({"$stored": ["<U2", [1], 0]}, "no text"),
    ({"$stored": ["<f8", [1], 7]}, "kind '$stored' that makes no sense"),
    ({"$stored": ["<f8", [1], []]}, "kind '$stored' that makes no sense"),
    ({"$scalar": ["<f8", None]}, "kind '$scalar' that makes no sense"),
    ({"$record": ["Popen", {"args": "ls"}]}, "no record called 'Popen'"),
    ({"$record": ["Linear", {"spec": 3, "outputs": 1}]}, "spec of Linear is 3"),
    ({"$record": ["FeatureSpec", {"numeric": 1.5}]}, "numeric of FeatureSpec is 1.5"),
    ({"$record": ["FeatureSpec", {"numeric": 1, "more": 2}]}, "unexpected keyword"),
    ({"$record": ["FeatureSpec", []]}, "kind '$record' that makes no sense"),
    ({"$optimizer": ["Popen", {}]}, "kind '$optimizer' that makes no sense"),
    ({"$optimizer": ["AdamOptimizer", {"beta1": [1]}]}, "not numbers"),
    ({"$optimizer": ["AdamOptimizer", {"speed": 1}]}, "kind '$optimizer' that makes no sense"),
    ({"$columns": {}}, "a value of the kind '$columns'"),
    ({"$random_state": [[0] * 624, 0, 0, 0.0]}, "cannot be drawn from"),
    ({"$random_state": [[1 << 31] * 624, 625, 0, 0.0]}, "cannot be drawn from"),
    ({"$random_state": [[1 << 31] * 624, -1, 0, 0.0]}, "cannot be drawn from"),
    (
        {"$random_state": [[1 << 32] * 624, 0, 0, 0.0]},
        "kind '$random_state' that makes no sense",
    ),
    ({"$random_state": [[1 << 31] * 3, 0, 0, 0.0]}, "cannot be drawn from"),
    ({"$random_state": 3}, "kind '$random_state' that makes no sense"),
    ({"$pandas": ["read_pickle", ["x"]]}, "there is no 'read_pickle'"),
    ({"$pandas": ["Timestamp", ["2020"]]}, "is no time"),
    ({"$pandas": ["Interval", [3, 1, "right"]]}, "kind '$pandas' that makes no sense"),
    ({"$datetime": "yesterday"}, "kind '$datetime' that makes no sense"),
    ({"$timedelta": [10**30]}, "kind '$timedelta' that makes no sense"),
    ({"$path": 3}, "kind '$path' that makes no sense"),
    ({"$custom": []}, "kind '$custom' that makes no sense"),
]


@pytest.mark.parametrize(("value", "complaint"), NO_SENSE, ids=map(str, range(len(NO_SENSE))))
def test_what_makes_no_sense_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("[]", r"\[\]").replace("$", r"\$")) as e:
        read(value, np.array([0xFFFFFFFF, 2], np.uint32).tobytes())
    assert str(e.value).startswith("a.json holds ")


def test_values_do_not_lie_too_deep_in_one_another() -> None:
    nested: Any = 1
    for _ in range(40):
        nested = [nested]
    with pytest.raises(ValueError, match="more than 32 values within one another"):
        read(nested)
    with pytest.raises(TypeError, match="the value cannot be saved: it holds more than 32"):
        JsonWriter().write(nested, "the value")
