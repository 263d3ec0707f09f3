"""Updates by gradients, against TensorFlow 1.1.0's own results.

``golden/update_ops.npz`` holds, one after the other, the variables, the gradient and the changed
variables of each case; the gradient's rows go to `indices` in the sparse ones, one of them twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow.graph.ops.state  # noqa: F401  (declares the operations)
from skflow import errors
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import FLOATS, as_dtype
from skflow.graph.functions.array import placeholder_with_default
from skflow.graph.registry import REGISTRY, raw
from skflow.runtime.session import Session
from tests.interpreter import Interpreter

SHAPE = (5, 2)
GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "update_ops.npz")
INDICES = GOLDEN["indices"]
TOLERANCE = {"float64": 1e-14, "float32": 2e-6, "float16": 4e-3}


def golden_cases() -> list[Any]:
    numbers, at, cases = GOLDEN["numbers"], 0, []
    for case in json.loads(str(GOLDEN["cases"])):
        rows = len(INDICES) if case["op"].startswith("Sparse") else SHAPE[0]
        shapes = [SHAPE] * case["variables"] + [(rows, 2)] + [SHAPE] * case["variables"]
        arrays = []
        for shape in shapes:
            size = int(np.prod(shape))
            arrays.append(numbers[at : at + size].reshape(shape).astype(case["dtype"]))
            at += size
        cases.append(pytest.param(case, arrays, id=f"{case['op']}-{case['dtype']}-{len(cases)}"))
    return cases


Engine: Any = Interpreter


@pytest.fixture(autouse=True, params=[Interpreter, Session], ids=["interpreted", "compiled"])
def engine(request: Any, monkeypatch: Any) -> Any:
    monkeypatch.setitem(globals(), "Engine", request.param)
    with Graph().as_default():
        yield


def refused(session: Any, fetch: Any) -> tuple[type, str]:
    """The class and the sentence of the error that a run ends with."""
    with pytest.raises(errors.OpError) as caught:
        session.run([fetch])
    return type(caught.value), caught.value.message.partition("\n")[0]


def declare(value: Any, name: str = "v") -> tuple[Any, Any]:
    value = np.asarray(value)
    ref = raw.VariableV2(shape=value.shape, dtype=as_dtype(value.dtype), name=name)
    return ref, raw.Assign(ref, constant(value), name=f"{name}_start")


def call(
    op: str,
    refs: list[Any],
    grad: Any,
    numbers: dict[str, Any],
    indices: Any = INDICES,
    **attrs: Any,
) -> Any:
    """The operation with its inputs where they belong."""
    given = {"grad": grad, "delta": grad, "indices": indices, **numbers}
    rest = [given[arg.name] for arg in REGISTRY[op].inputs[len(refs) :]]
    flags = {k: v for k, v in numbers.items() if isinstance(v, bool)}
    return getattr(raw, op)(*refs, *rest, **flags, **attrs)


@pytest.mark.parametrize(("case", "arrays"), golden_cases())
def test_update_equals_tensorflows(case: Any, arrays: Any) -> None:
    count = case["variables"]
    declared = [declare(a, f"v{i}") for i, a in enumerate(arrays[:count])]
    refs = [ref for ref, _ in declared]
    grad = arrays[count].copy()
    updated = call(
        case["op"],
        refs,
        constant(grad),
        case["hyperparameters"],
        use_locking=case["dtype"] == "float32",
    )
    session = Engine()
    session.run([initial for _, initial in declared])
    (returned,) = session.run([updated])
    found = session.run(refs)
    np.testing.assert_array_equal(returned, found[0])
    for value, expected in zip(found, arrays[count + 1 :], strict=True):
        assert value.dtype == case["dtype"]
        tolerance = TOLERANCE[case["dtype"]]
        np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance)


def test_every_operation_has_a_golden_case_or_a_test_of_its_own() -> None:
    checked = {case["op"] for case in json.loads(str(GOLDEN["cases"]))}
    declared = {name for name in REGISTRY if name.startswith(("Apply", "SparseApply"))}
    assert declared - checked == {"ApplyFtrlV2", "SparseApplyFtrlV2"}


@pytest.mark.parametrize("sparse", [False, True])
def test_shrinkage_is_a_penalty_on_the_loss_alone(sparse: bool) -> None:
    rng = np.random.default_rng(0)
    var, accum, linear = rng.standard_normal((3, *SHAPE))
    accum = np.abs(accum) + 0.1
    rows = np.array([3, 0]) if sparse else np.arange(5)
    grad = rng.standard_normal((len(rows), 2))
    declared = [declare(a, f"v{i}") for i, a in enumerate((var, accum, linear))]
    numbers = {"lr": 0.2, "l1": 0.3, "l2": 0.1, "l2_shrinkage": 0.7, "lr_power": -0.5}
    updated = call(
        "SparseApplyFtrlV2" if sparse else "ApplyFtrlV2",
        [ref for ref, _ in declared],
        constant(grad),
        numbers,
        constant(rows),
    )
    session = Engine()
    session.run([initial for _, initial in declared])
    session.run([updated])
    found = session.run([ref for ref, _ in declared])
    new = accum[rows] + grad**2
    sigma = (np.sqrt(new) - np.sqrt(accum[rows])) / 0.2
    linear[rows] += grad + 2 * 0.7 * var[rows] - sigma * var[rows]
    shrunk = np.sign(linear[rows]) * 0.3 - linear[rows]
    var[rows] = np.where(np.abs(linear[rows]) > 0.3, shrunk / (np.sqrt(new) / 0.2 + 2 * 0.1), 0)
    accum[rows] = new
    for value, expected in zip(found, (var, accum, linear), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


def test_nesterov_adam_looks_ahead() -> None:
    var, m, v, grad = (np.array([x]) for x in (1.0, 0.5, 0.2, 3.0))
    declared = [declare(a, f"v{i}") for i, a in enumerate((var, m, v))]
    numbers = {
        "beta1_power": 0.81,
        "beta2_power": 0.98,
        "lr": 0.1,
        "beta1": 0.9,
        "beta2": 0.99,
        "epsilon": 1e-3,
    }
    updated = call(
        "ApplyAdam", [ref for ref, _ in declared], constant(grad), numbers, use_nesterov=True
    )
    session = Engine()
    session.run([initial for _, initial in declared])
    (found,) = session.run([updated])
    m, v = 0.9 * m + 0.1 * grad, 0.99 * v + 0.01 * grad**2
    rate = 0.1 * np.sqrt(1 - 0.98) / (1 - 0.81)
    expected = var - rate * (0.9 * m + 0.1 * grad) / (np.sqrt(v) + 1e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_plain_adam_has_no_attribute_that_tensorflow_lacks() -> None:
    declared = [declare(np.ones(2), f"v{i}")[0] for i in range(3)]
    updated = raw.ApplyAdam(*declared, *[np.float64(0.5)] * 6, np.ones(2))
    assert updated.op.get_attr("use_nesterov") is None


def test_float_types_only() -> None:
    found = {name: d.types["T"] for name, d in REGISTRY.items() if "Apply" in name}
    assert set(found.values()) == {FLOATS}


# ---- mistakes -------------------------------------------------------------------------------


def unknown(value: Any, dtype: Any = np.float32) -> Any:
    return placeholder_with_default(constant(np.asarray(value, dtype)), None)


@pytest.mark.parametrize(
    ("lr", "grad", "indices", "message"),
    [
        (0.1, np.ones((2, 2)), [0, 5], "Index 5 at offset 1 in indices is out of range"),
        (0.1, np.ones((2, 2)), [0, -5], "Index -5 at offset 1 in indices is out of range"),
        (0.1, np.ones((2, 2)), [[0], [1]], "indices must be one-dimensional"),
        (
            0.1,
            np.ones((2, 2)),
            [0],
            "grad must be the same size as indices in the first dimension.",
        ),
        (0.1, np.ones((2, 3)), [0, 1], "var and grad must match in dimension 1"),
        ([0.1, 0.2], np.ones((2, 2)), [0, 1], "lr is not a scalar: [2]"),
    ],
)
def test_mistakes_in_rows(lr: Any, grad: Any, indices: Any, message: str) -> None:
    start = np.ones((3, 2), np.float32)
    (var, first), (accum, second) = declare(start), declare(start, "a")
    bad = raw.SparseApplyMomentum(
        var, accum, unknown(lr), unknown(grad), unknown(indices, np.int32), unknown(0.9)
    )
    session = Engine()
    session.run([first, second])
    assert refused(session, bad) == (errors.InvalidArgumentError, message)
    np.testing.assert_array_equal(session.run([var])[0], start)


def test_rows_of_a_scalar() -> None:
    (var, first), (accum, second) = declare(np.float32(1)), declare(np.float32(1), "a")
    bad = raw.SparseApplyAdagrad(var, accum, 0.1, unknown([1.0]), unknown([0], np.int32))
    session = Engine()
    session.run([first, second])
    assert refused(session, bad) == (
        errors.InvalidArgumentError,
        "var must be at least 1 dimensional",
    )


def test_shapes_that_turn_out_to_differ() -> None:
    var, first = declare(np.ones((3, 2), np.float32))
    bad = raw.ApplyGradientDescent(var, 0.1, unknown(np.ones((3, 3))))
    session = Engine()
    assert refused(session, bad) == (
        errors.FailedPreconditionError,
        "Attempting to use uninitialized value v",
    )
    session.run([first])
    assert refused(session, bad) == (
        errors.InvalidArgumentError,
        "var and delta do not have the same shape[3,2] [3,3]",
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda v, _: raw.ApplyGradientDescent(v, 0.1, np.ones((3, 3), "f")),
            (
                "Dimension 1 in both shapes must be equal, but are 2 and 3 for 'ApplyGradientDescent' "
                "(op: 'ApplyGradientDescent') with input shapes: [3,2], [], [3,3]."
            ),
        ),
        (
            lambda v, _: raw.ApplyGradientDescent(v, [0.1, 0.2], np.ones((3, 2), "f")),
            (
                "Shape must be rank 0 but is rank 1 for 'ApplyGradientDescent' (op: "
                "'ApplyGradientDescent') with input shapes: [3,2], [2], [3,2]."
            ),
        ),
        (
            lambda v, a: raw.SparseApplyMomentum(v, a, 0.1, np.ones((2, 2), "f"), [[0], [1]], 0.9),
            (
                "Shape must be rank 1 but is rank 2 for 'SparseApplyMomentum' (op: "
                "'SparseApplyMomentum') with input shapes: [3,2], [3,2], [], [2,2], [2,1], []."
            ),
        ),
        (
            lambda v, a: raw.SparseApplyMomentum(v, a, 0.1, np.ones((2, 2), "f"), [0], 0.9),
            (
                "Dimensions must be equal, but are 1 and 2 for 'SparseApplyMomentum' (op: "
                "'SparseApplyMomentum') with input shapes: [3,2], [3,2], [], [2,2], [1], []."
            ),
        ),
        (
            lambda v, a: raw.SparseApplyMomentum(v, a, 0.1, np.ones((2, 3), "f"), [0, 1], 0.9),
            (
                "Dimension 1 in both shapes must be equal, but are 2 and 3 for 'SparseApplyMomentum' "
                "(op: 'SparseApplyMomentum') with input shapes: [3,2], [3,2], [], [2,3], [2], []."
            ),
        ),
    ],
)
def test_mistakes_while_building(build: Any, message: str) -> None:
    start = np.ones((3, 2), np.float32)
    with pytest.raises(ValueError) as caught:
        build(declare(start)[0], declare(start, "a")[0])
    assert str(caught.value) == message
