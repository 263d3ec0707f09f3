"""What the op-case table cannot show of the element-by-element operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from skflow.errors import InvalidArgumentError, UnimplementedError
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import INTEGERS, as_dtype, float32, string
from skflow.graph.registry import REGISTRY, raw
from skflow.graph.spec import Spec
from tests.interpreter import Interpreter

INF, NAN = np.inf, np.nan


def compute(build: Callable[[], Any]) -> Any:
    with Graph().as_default():
        return Interpreter().run([build()])[0]


def kernel(op: str, *arrays: Any, **more: Any) -> Any:
    with np.errstate(all="ignore"):
        return REGISTRY[op].kernel(*arrays, **more)


# ---- the plain ones stay plain ------------------------------------------------------------


@pytest.mark.parametrize(
    "op",
    [
        "Add",
        "Sub",
        "Mul",
        "RealDiv",
        "Neg",
        "Abs",
        "Square",
        "Sqrt",
        "Reciprocal",
        "Exp",
        "Log",
        "Tanh",
        "Sin",
        "Cos",
        "Floor",
        "Less",
        "GreaterEqual",
        "Equal",
        "LogicalAnd",
        "IsNan",
    ],
)
def test_kernels_that_are_ufuncs(op: str) -> None:
    """The runtime writes their results where it likes, without a call in between."""
    assert isinstance(REGISTRY[op].kernel, np.ufunc)
    assert REGISTRY[op].out


# ---- memory -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "op",
    [
        "TanhGrad",
        "SigmoidGrad",
        "SqrtGrad",
        "RsqrtGrad",
        "ReciprocalGrad",
        "SquaredDifference",
        "Maximum",
        "Minimum",
        "Pow",
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_either_input_may_be_overwritten(op: str, dtype: Any) -> None:
    x = np.linspace(0.1, 0.9, 6, dtype=dtype).reshape(2, 3)
    y = np.linspace(1.5, 0.2, 6, dtype=dtype).reshape(2, 3)
    expected = kernel(op, x, y)
    for place in range(2):
        arrays = [x.copy(), y.copy()]
        kernel(op, *arrays, out=arrays[place])
        np.testing.assert_array_equal(arrays[place], expected)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_add_n_into_memory_and_of_scalars(count: int) -> None:
    terms = [np.full((2, 3), i + 1, np.float32) for i in range(count)]
    out = np.empty((2, 3), np.float32)
    assert kernel("AddN", terms, out=out) is out
    assert out[0, 0] == count * (count + 1) / 2
    found = kernel("AddN", [np.array(1.5, np.float32)] * count)
    assert np.asarray(found).dtype == np.float32
    assert found == 1.5 * count


def test_add_n_of_halves_is_rounded_once() -> None:
    terms = [np.full(2, 0.1, np.float16)] * 100
    found = kernel("AddN", terms)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, np.float16(float(np.float16(0.1)) * 100), rtol=1e-3)


# ---- extremes -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_maximum_passes_over_a_nan_on_the_right(dtype: Any) -> None:
    x, y = np.array([NAN, 1, NAN, INF], dtype), np.array([1, NAN, NAN, -INF], dtype)
    np.testing.assert_array_equal(kernel("Maximum", x, y), np.array([NAN, 1, NAN, INF], dtype))
    np.testing.assert_array_equal(kernel("Minimum", x, y), np.array([NAN, 1, NAN, -INF], dtype))
    assert kernel("Maximum", np.array(0, dtype), np.array(NAN, dtype)) == 0


@pytest.mark.parametrize(("op", "ufunc"), [("Maximum", np.maximum), ("Minimum", np.minimum)])
def test_extremes_of_a_known_right_side_are_ufuncs(op: str, ufunc: Any) -> None:
    specialize = REGISTRY[op].specialize
    x = Spec(float32, (2, 3))
    assert specialize([x, Spec(float32, (), np.array(0, np.float32))], {}) is ufunc
    assert specialize([x, Spec(float32, (), np.array(NAN, np.float32))], {}) is None
    assert specialize([x, x], {}) is None
    whole = Spec(as_dtype("int32"), (2, 3))
    assert specialize([whole, whole], {}) is ufunc


@pytest.mark.parametrize(("op", "shares"), [("Maximum", [1, 1, 0]), ("Minimum", [1, 0, 1])])
def test_ties_go_to_the_first(op: str, shares: list[int]) -> None:
    with Graph().as_default():
        x, y = constant([1.0, 3.0, 1.0]), constant([1.0, 2.0, 2.0])
        made = REGISTRY[op](x, y)
        dy = constant([1.0, 1.0, 1.0])
        grads = REGISTRY[op].grad(made.op, dy)
        found = Interpreter().run(grads)
    assert found[0].tolist() == shares
    assert (found[0] + found[1]).tolist() == [1, 1, 1]


# ---- powers -------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [2.0, 3.0, -1.0])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_quicker_powers(exponent: float, shape: tuple[int, ...]) -> None:
    x = np.array([[0.5, -2.0, 3.0], [INF, -0.0, NAN]])
    y = np.full(shape, exponent)
    quicker = REGISTRY["Pow"].specialize(
        [Spec(as_dtype("float64"), x.shape), Spec(as_dtype("float64"), shape, y)], {}
    )
    assert quicker is not None
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(quicker(x, y), np.power(x, y), rtol=3e-16)
        out = np.empty_like(x)
        assert quicker(x, y, out=out) is out


def test_powers_that_have_no_quicker_way() -> None:
    specialize = REGISTRY["Pow"].specialize
    kind = as_dtype("float64")
    x = Spec(kind, (2,))
    assert specialize([x, Spec(kind, (), np.array(0.5))], {}) is None
    assert specialize([x, Spec(kind, ())], {}) is None
    assert specialize([x, Spec(kind, (1, 1), np.array([[2.0]]))], {}) is None
    whole = as_dtype("int32")
    assert specialize([Spec(whole, (2,)), Spec(whole, (), np.array(-1))], {}) is None


def test_integers_have_no_negative_powers() -> None:
    with pytest.raises(InvalidArgumentError, match="negative integer powers are not allowed"):
        kernel("Pow", np.array([2, 3]), np.array([1, -1]))


@pytest.mark.parametrize("x", [0.0, -2.0])
def test_gradient_of_a_power_where_there_is_no_logarithm(x: float) -> None:
    with Graph().as_default():
        made = raw.Pow(constant([x]), constant([2.0]))
        found = Interpreter().run(REGISTRY["Pow"].grad(made.op, constant([1.0])))
    assert [f.tolist() for f in found] == [[2 * x], [0.0]]


# ---- overflow -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_far_out(dtype: Any) -> None:
    x = np.array([-1e4, -10.0, 0.0, 10.0, 1e4, -INF, INF], dtype)
    found = kernel("Sigmoid", x)
    wide = np.array([0.0, 4.5397868702434395e-05, 0.5, 0.9999546021312976, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(found, wide.astype(dtype), rtol=1e-3, atol=0)
    assert found[1] > 0, "half precision must not lose exp(10)"


@pytest.mark.parametrize("op", ["Sigmoid", "Rsqrt", "TanhGrad", "Erf", "Round"])
def test_scalars(op: str) -> None:
    x = np.array(0.5, np.float32)
    arrays = [x] * len(REGISTRY[op].inputs)
    assert np.asarray(kernel(op, *arrays)).shape == ()
    assert np.asarray(kernel(op, *[a[()] for a in arrays])).dtype == np.float32


def test_floor_division_does_not_correct_the_quotient() -> None:
    """1 / 0.1 is 10 in floating point; NumPy's floor_divide says 9."""
    assert kernel("FloorDiv", np.array(1.0), np.array(0.1)) == 10
    assert kernel("FloorDiv", np.array(INF), np.array(2.0)) == INF


@pytest.mark.parametrize("op", ["Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod"])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8])
def test_integers_are_not_divided_by_zero(op: str, dtype: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="^Integer division by zero$"):
        kernel(op, np.array([1, 2], dtype), np.array([1, 0], dtype))


# ---- casts --------------------------------------------------------------------------------


def test_casts_of_what_is_no_integer() -> None:
    """As C converts on a PC: the least integer."""
    x = np.array([NAN, INF, -INF, 3e9])
    for dtype in ("int32", "int64"):
        found = compute(lambda dtype=dtype: raw.Cast(constant(x), DstT=as_dtype(dtype)))
        assert found[:3].tolist() == [np.iinfo(dtype).min] * 3
    assert compute(lambda: raw.Cast(constant(x), DstT=as_dtype("bool"))).all()


def test_casts_from_complex_drop_the_imaginary_part_silently() -> None:
    found = compute(lambda: raw.Cast(constant([1 + 2j, 2j]), DstT=as_dtype("float32")))
    assert found.tolist() == [1.0, 0.0]
    assert compute(lambda: raw.Cast(constant([1 + 2j, 2j]), DstT=as_dtype("bool"))).tolist() == [
        True,
        False,
    ]


def test_strings_are_cast_to_strings_only() -> None:
    assert compute(lambda: raw.Cast(constant(["a"]), DstT=string)).tolist() == [b"a"]
    with pytest.raises(UnimplementedError, match="Cast string to half is not supported"):
        compute(lambda: raw.Cast(constant(["a"]), DstT=as_dtype("float16")))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_bits_go_there_and_back(dtype: Any) -> None:
    x = np.array([[1.5, -2.0], [INF, 7.0], [0.0, -0.0]], np.float32)
    with Graph().as_default():
        there = raw.Bitcast(constant(x), type=dtype)
        back = raw.Bitcast(there, type=float32)
        np.testing.assert_array_equal(Interpreter().run([back])[0], x)
    assert there.spec.shape == {1: (3, 2, 4), 2: (3, 2, 2), 4: (3, 2), 8: (3,)}[dtype.size]
    assert back.spec.shape == (3, 2)


def test_shapes_pass_through_casts() -> None:
    """A shape of which some entries are known stays one when it is cast."""
    with Graph().as_default():
        x = raw.Placeholder(dtype=float32, shape=())
        x._spec.shape = (None, 3)
        wide = raw.Cast(raw.Shape(x), DstT=as_dtype("int64"))
        narrow = raw.Cast(wide, DstT=as_dtype("int32"))
        assert narrow.spec.partial == (None, 3)
        assert raw.Reshape(raw.Placeholder(dtype=float32, shape=()), narrow).spec.shape == (None, 3)


# ---- special functions outside their domains ----------------------------------------------


@pytest.mark.parametrize(
    ("op", "arrays", "expected"),
    [
        ("Digamma", [[0.0, -0.0, -1.0, -INF, INF]], [INF, INF, INF, INF, INF]),
        ("Lgamma", [[0.0, -1.0, -INF, INF]], [INF, INF, INF, INF]),
        (
            "Polygamma",
            [[-1.0, 0.5, 0.0, 1.0, 2.0], [1.0, 1.0, -1.0, 0.0, -2.0]],
            [NAN, NAN, INF, INF, -INF],
        ),
        ("Igamma", [[0.0, 0.0, 1.0, 1.0, -1.0], [0.0, 1.0, 0.0, -1.0, 1.0]], [0, NAN, 0, NAN, NAN]),
        ("Igammac", [[0.0, 1.0, 1.0, -1.0], [1.0, 0.0, -1.0, 1.0]], [NAN, 1, NAN, NAN]),
        (
            "Betainc",
            [[0.0, 1.0, -1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.0, -0.1]],
            [NAN, NAN, NAN, 0, NAN],
        ),
        ("Zeta", [[1.0, 0.5, 2.0], [1.0, 1.0, 0.0]], [INF, NAN, INF]),
        ("Sign", [[NAN, -INF, -0.0]], [0, -1, 0]),
    ],
)
def test_outside_the_domain(op: str, arrays: Any, expected: Any) -> None:
    """Values that TensorFlow 1.1.0 gave."""
    for dtype in (np.float64, np.float32):
        found = kernel(op, *[np.array(a, dtype) for a in arrays])
        np.testing.assert_array_equal(found, np.array(expected, dtype))
        assert found.dtype == dtype


# ---- shapes ---------------------------------------------------------------------------------


def test_broadcast_gradient_args_of_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^Incompatible shapes: \[1,2\] vs. \[1,3\]$"):
        kernel("BroadcastGradientArgs", np.array([1, 2]), np.array([1, 3]))


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(2, 3), (2, 3)], (2, 3)),
        ([(2, None), (None, 3)], (2, 3)),
        ([None, (2,)], (2,)),
        ([None, None], None),
    ],
)
def test_add_n_knows_what_any_of_its_inputs_knows(shapes: Any, expected: Any) -> None:
    with Graph().as_default():
        terms = []
        for shape in shapes:
            term = raw.Placeholder(dtype=float32, shape=())
            term._spec.shape = shape
            terms.append(term)
        assert raw.AddN(terms).spec.shape == expected


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(2,), (), ()], (2,)),
        ([None, (2,), ()], (2,)),
        ([None, (), ()], None),
        ([(), (), ()], ()),
        ([None, None, (2, 3)], (2, 3)),
        ([(None, 3), (2, None), ()], (2, 3)),
    ],
)
def test_betainc_shapes(shapes: Any, expected: Any) -> None:
    found = REGISTRY["Betainc"].infer([Spec(float32, s) for s in shapes], {"T": float32})
    assert found == [(float32, expected)]
