"""Rows for arithmetic, division, powers, elementary and special functions, comparisons, casts."""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from skflow.graph.dtypes import ALL, DType, as_dtype, string
from tests.op_cases.case import (
    Case,
    Elsewhere,
    apart,
    between,
    booleans,
    complexes,
    integers,
    positive,
    real,
)

inf, nan = np.inf, np.nan
EDGES = np.array([[-inf, -2.5, -1.0, -0.5], [0.0, -0.0, 1.0, 1.5], [2.5, inf, nan, 1e4]])
EMPTY = np.zeros((0, 3))


# ---- references ---------------------------------------------------------------------------


def each(
    function: Callable[[Any], Any], other: Callable[[Any], Any] | None = None
) -> Callable[..., np.ndarray]:
    """Apply a function of Python's numbers (another one to complex numbers) element by element."""

    def apply(x: np.ndarray) -> np.ndarray:
        chosen = other if other is not None and x.dtype.kind == "c" else function
        found = [chosen(v) for v in x.reshape(-1).tolist()]
        return np.array(found, dtype=None if found else float).reshape(x.shape)

    return apply


def pairs(function: Callable[[Any, Any], Any]) -> Callable[..., np.ndarray]:
    """Apply a function of two of Python's numbers to arrays that broadcast."""

    def apply(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = np.broadcast_arrays(x, y)
        found = [
            function(p, q)
            for p, q in zip(x.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
        ]
        return np.array(found, dtype=None if found else float).reshape(x.shape)

    return apply


def total(*terms: np.ndarray) -> np.ndarray:
    """A sum by Python's own addition."""
    return each(lambda v: v)(sum(terms[1:], terms[0]))


def sign(x: np.ndarray) -> np.ndarray:
    """The direction of a number, 0 for NaN."""
    size = np.where((x == 0) | np.isnan(x), 1, np.abs(x))
    found = np.where(np.isinf(x), np.copysign(1, x.real), x / size)
    return np.where(np.isnan(x), 0, found)


def larger(p: Any, q: Any) -> Any:
    """The second number if the first is less: a NaN is kept only if it comes first."""
    return [p, q][p < q]


def smaller(p: Any, q: Any) -> Any:
    """The second number if it is less: a NaN is kept only if it comes first."""
    return [p, q][q < p]


def truncated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """C's quotient of integers, the true one of other numbers."""
    quotient = x / y
    return np.trunc(quotient).astype(x.dtype) if x.dtype.kind in "iu" else quotient


def floored(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The quotient rounded down."""
    return np.floor(x / y).astype(x.dtype)


def floor_remainder(p: Any, q: Any) -> Any:
    """The remainder with the sign of the divisor, by Python's own rule; NaN for infinite ones."""
    return nan if math.isinf(q) and (p < 0) != (q < 0) else p % q


def rounded(x: np.ndarray) -> np.ndarray:
    """Python's rounding; of a complex number both parts."""
    if x.dtype.kind == "c":
        return rounded(x.real) + 1j * rounded(x.imag)
    return each(lambda v: round(v) if math.isfinite(v) else v)(x)


def polygamma(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """SciPy's, which wants whole orders."""
    return special.polygamma(n.astype(int), x)


def density(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The upper part by the complement."""
    return 1 - special.gammainc(a, x)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """With the matrix of the left factor."""
    zero = np.zeros_like(a[..., 0])
    p, q, r = a[..., 0], a[..., 1], a[..., 2]
    matrix = np.stack(
        [np.stack([zero, -r, q], -1), np.stack([r, zero, -p], -1), np.stack([-q, p, zero], -1)], -2
    )
    return np.einsum("...ij,...j->...i", matrix, b)


def converted(x: np.ndarray, DstT: DType) -> np.ndarray:
    """By truncation of the real part, or by a test against zero."""
    if DstT.is_complex:
        return x + 0j
    part = x.real
    if DstT.is_bool:
        return part != 0
    if not DstT.is_integer:
        return part.astype(float)
    return np.trunc(part.astype(float)).astype(np.int64)  # the comparison wraps it around


def stretched(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The axes of size 1 or less on each side, from the last backwards."""
    if a.tolist() == b.tolist():
        return np.array([], int), np.array([], int)
    rank = max(a.size, b.size)
    found = []
    for dims in (a.tolist(), b.tolist()):
        padded = [1] * (rank - len(dims)) + dims
        found.append(np.array([i for i, d in enumerate(padded) if d == 1], int))
    return found[0], found[1]


# ---- rows of one kind ---------------------------------------------------------------------


def unary(
    op: str, reference: Callable[..., Any], x: np.ndarray, *, complex: Any = None, **more: Any
) -> list[Case]:
    """A row for real input and, where the operation takes it, one for complex input."""
    rows = [Case(op, [x], reference, **more)]
    if complex is not None:
        more = {k: v for k, v in more.items() if k in ("tolerance", "second", "why")}
        rows.append(Case(op, [complex], reference, **more))
    return rows


def binary(
    op: str,
    reference: Callable[..., Any],
    x: np.ndarray,
    y: np.ndarray,
    *,
    complex: bool = False,
    **more: Any,
) -> list[Case]:
    """Rows with operands that broadcast, of which the second may be complex."""
    rows = [Case(op, [x, y], reference, **more)]
    if complex:
        more = {k: v for k, v in more.items() if k in ("tolerance", "second", "why")}
        away = complexes(4, 1, 3)
        rows.append(Case(op, [away + np.sign(away.real), complexes(2, 1) + 2], reference, **more))
    return rows


def of_result(op: str, reference: Callable[..., Any], y: np.ndarray) -> list[Case]:
    """Rows for the operation that a gradient consists of."""
    shape = y.shape
    return [
        Case(op, [y, real(*shape)], reference),
        Case(op, [complexes(*shape) + 2, complexes(*shape)], reference),
    ]


def comparison(op: str, compare: Callable[[Any, Any], Any]) -> list[Case]:
    """Rows with ties and NaN."""
    x = integers(-2, 3, 4, 1, 3).astype(float)
    ties = (np.array([nan, 1.0, nan, inf, -0.0]), np.array([1.0, nan, nan, inf, 0.0]))
    return [
        Case(
            op,
            [x, integers(-2, 3, 2, 1).astype(float)],
            pairs(compare),
            special=[ties, (EMPTY, np.zeros(3))],
        )
    ]


SHAPES = (4, 1, 3), (2, 1)
NUMBERS = [
    *binary(
        "Add",
        total,
        real(*SHAPES[0]),
        real(*SHAPES[1]),
        complex=True,
        analytic=True,
        special=[(EDGES, EDGES[::-1]), (EMPTY, np.zeros(3))],
    ),
    Case(
        "Add",
        [np.array([[b"a"], [b""]], object), np.array([b"x", b"yz"], object)],
        pairs(operator.add),
        grad=(),
        why="strings",
    ),
    *binary(
        "AddV2",
        total,
        real(*SHAPES[0]),
        real(*SHAPES[1]),
        complex=True,
        analytic=True,
        special=[(EDGES, EDGES[::-1]), (EMPTY, np.zeros(3))],
    ),
    *binary(
        "Sub",
        lambda x, y: total(x, -y),
        real(*SHAPES[0]),
        real(*SHAPES[1]),
        complex=True,
        analytic=True,
        special=[(EDGES, EDGES[::-1])],
    ),
    *binary(
        "Mul",
        pairs(operator.mul),
        real(*SHAPES[0]),
        real(*SHAPES[1]),
        complex=True,
        analytic=True,
        special=[(np.array([0.0, inf, nan]), np.array([inf, inf, 0.0]))],
    ),
    *binary(
        "SquaredDifference",
        pairs(lambda p, q: (p - q) ** 2),
        real(*SHAPES[0]),
        real(*SHAPES[1]),
        complex=True,
        analytic=True,
    ),
    *binary(
        "Maximum",
        pairs(larger),
        apart(4, 1, 3),
        apart(2, 1, gap=0.13) + 0.01,
        special=[
            (np.array([nan, 1.0, nan, 2.0, inf]), np.array([1.0, nan, nan, 2.0, -inf])),
            (EMPTY, np.zeros(3)),
        ],
    ),
    *binary(
        "Minimum",
        pairs(smaller),
        apart(4, 1, 3),
        apart(2, 1, gap=0.13) + 0.01,
        special=[
            (np.array([nan, 1.0, nan, 2.0, inf]), np.array([1.0, nan, nan, 2.0, -inf])),
            (EMPTY, np.zeros(3)),
        ],
    ),
    *unary(
        "Neg",
        each(operator.neg),
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(EDGES,), (EMPTY,)],
    ),
    *unary("Abs", each(abs), apart(2, 3), special=[(EDGES,)]),
    *unary("Sign", sign, apart(2, 3), special=[(EDGES,), (EMPTY,)]),
    Case("Sign", [complexes(2, 3)], sign, special=[(np.array([3 + 4j, 0, -2j, 1e-3, -7]),)]),
    *unary(
        "Square",
        each(lambda v: v * v),
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(EDGES,)],
    ),
    Case("AddN", [[real(2, 3), real(2, 3), real(2, 3)]], lambda terms: total(*terms)),
    Case("AddN", [[complexes(2, 3), complexes(2, 3)]], lambda terms: total(*terms)),
    Case("AddN", [[real(2, 3)]], lambda terms: terms[0], special=[([EMPTY],), ([np.array(1.0)],)]),
    Case("Cross", [real(4, 2, 3), real(4, 2, 3)], cross, analytic=True),
    Case("Cross", [real(3), real(3)], cross),
]
DENOMINATORS = np.array([[1.5], [-0.7]])
QUOTIENTS = [
    *binary(
        "RealDiv",
        lambda x, y: x / y,
        real(*SHAPES[0]),
        DENOMINATORS,
        complex=True,
        analytic=True,
        special=[(np.array([0.0, 1.0, -1.0, inf, nan]), np.array([0.0, 0.0, 0.0, inf, 1.0]))],
    ),
    *binary("Div", truncated, real(*SHAPES[0], scale=5.0), DENOMINATORS, complex=True),
    Case(
        "Div",
        [np.array([7, -7, 7, -7, 0]), np.array([2, 2, -2, -2, 3])],
        truncated,
        grad=(),
        why="integers",
    ),
    Case("TruncateDiv", [np.array([7, -7, 7, -7, 0]), np.array([2, 2, -2, -2, 3])], truncated),
    Case("TruncateDiv", [integers(-50, 50, 4, 1, 3), np.array([[3], [7]])], truncated),
    *binary(
        "FloorDiv",
        floored,
        real(*SHAPES[0], scale=5.0),
        DENOMINATORS,
        special=[(np.array([-7.0, inf, -1e-20]), np.array([2.0, 2.0, 3.0]))],
    ),
    Case("FloorDiv", [np.array([7, -7, 7, -7, 0]), np.array([2, 2, -2, -2, 3])], floored),
    *binary(
        "FloorMod",
        pairs(floor_remainder),
        real(*SHAPES[0], scale=5.0),
        DENOMINATORS,
        special=[
            (
                np.array([7.0, -7.0, 7.0, -7.0, 6.0, 5.0, -5.0]),
                np.array([2.0, 2.0, -2.0, -2.0, -6.0, inf, inf]),
            )
        ],
    ),
    *binary("Mod", pairs(math.fmod), real(*SHAPES[0], scale=5.0), DENOMINATORS),
    *binary("TruncateMod", pairs(math.fmod), real(*SHAPES[0], scale=5.0), DENOMINATORS),
    Case(
        "TruncateMod", [np.array([7, -7, 7, -7, 0]), np.array([2, 2, -2, -2, 3])], pairs(math.fmod)
    ),
]
POWERS = [
    *binary(
        "Pow",
        pairs(operator.pow),
        positive(*SHAPES[0]),
        between(0.3, 2.5, 2, 1),
        complex=True,
        analytic=True,
        special=[
            (np.array([0.0, 0.0, -2.0, -8.0, inf, 1.0]), np.array([0.0, 2.0, 3.0, 2.0, 2.0, nan])),
        ],
    ),
    Case("Pow", [np.array([[2.0, -3.0, 0.5]]), np.array(2.0)], pairs(operator.pow), grad=[0]),
    Case(
        "Pow",
        [np.array([2, -2, 3, 0, 1]), np.array([3, 3, 0, 0, 9])],
        pairs(operator.pow),
        grad=(),
        why="integers",
    ),
    *unary(
        "Sqrt",
        each(math.sqrt, cmath.sqrt),
        positive(2, 3),
        complex=complexes(2, 3) + 2,
        analytic=True,
        special=[(np.array([0.0, inf, nan]),), (EMPTY,)],
    ),
    *unary(
        "Rsqrt",
        lambda x: 1 / np.sqrt(x),
        positive(2, 3),
        complex=complexes(2, 3) + 2,
        analytic=True,
        special=[(np.array([0.0, inf, nan, -1.0]),)],
    ),
    *unary(
        "Reciprocal",
        lambda x: 1 / x,
        positive(2, 3),
        complex=complexes(2, 3) + 2,
        analytic=True,
        special=[(EDGES,)],
    ),
    *of_result("SqrtGrad", lambda y, dy: dy / 2 / np.conj(y), positive(2, 3)),
    *of_result("RsqrtGrad", lambda y, dy: -dy / 2 * np.conj(y) ** 3, positive(2, 3)),
    *of_result("ReciprocalGrad", lambda y, dy: -dy * np.conj(y) ** 2, positive(2, 3)),
    *unary("Floor", each(math.floor), apart(2, 3), special=[(np.array([-0.5, 2.0, -2.0]),)]),
    *unary("Ceil", each(math.ceil), apart(2, 3), special=[(np.array([-0.5, 2.0, -2.0]),)]),
    *unary("Rint", rounded, apart(2, 3), special=[(EDGES,)]),
    *unary("Round", rounded, apart(2, 3), complex=complexes(2, 3), special=[(EDGES,)]),
]
ELEMENTARY = [
    *unary(
        "Exp",
        each(math.exp, cmath.exp),
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(np.array([-inf, -1e4, 0.0, inf]),), (EMPTY,)],
    ),
    *unary(
        "Expm1",
        each(math.expm1, lambda z: cmath.exp(z) - 1),
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(np.array([-inf, 1e-20, inf, nan]),)],
    ),
    *unary(
        "Log",
        each(math.log, cmath.log),
        positive(2, 3),
        complex=complexes(2, 3) + 2,
        analytic=True,
        special=[(np.array([inf, 1e-30, nan]),)],
    ),
    *unary(
        "Log1p",
        each(math.log1p, lambda z: cmath.log(1 + z)),
        positive(2, 3),
        complex=complexes(2, 3) + 2,
        analytic=True,
        special=[(np.array([1e-20, inf, nan]),)],
    ),
    *unary("Sin", each(math.sin, cmath.sin), real(2, 3), complex=complexes(2, 3), analytic=True),
    *unary("Cos", each(math.cos, cmath.cos), real(2, 3), complex=complexes(2, 3), analytic=True),
    *unary(
        "Tan",
        each(math.tan, cmath.tan),
        between(-1.2, 1.2, 2, 3),
        complex=complexes(2, 3),
        analytic=True,
    ),
    *unary(
        "Asin",
        each(math.asin, cmath.asin),
        between(-0.9, 0.9, 2, 3),
        complex=complexes(2, 3) * 0.3,
        analytic=True,
    ),
    *unary(
        "Acos",
        each(math.acos, cmath.acos),
        between(-0.9, 0.9, 2, 3),
        complex=complexes(2, 3) * 0.3,
        analytic=True,
    ),
    *unary(
        "Atan",
        each(math.atan, cmath.atan),
        real(2, 3),
        complex=complexes(2, 3) * 0.3,
        analytic=True,
        special=[(EDGES,)],
    ),
    *unary(
        "Tanh",
        each(math.tanh, cmath.tanh),
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(EDGES,)],
    ),
    *unary(
        "Sigmoid",
        lambda x: 0.5 * np.tanh(x / 2) + 0.5,
        real(2, 3),
        complex=complexes(2, 3),
        analytic=True,
        special=[(EDGES,), (np.array([-1e4, 1e4, -inf, inf, nan]),), (EMPTY,)],
    ),
    *of_result("TanhGrad", lambda y, dy: dy * (1 + y) * (1 - y), between(-0.9, 0.9, 2, 3)),
    *of_result("SigmoidGrad", lambda y, dy: dy * (y - y * y), between(0.1, 0.9, 2, 3)),
]
POLES = np.array([0.0, -0.0, -1.0, -7.0, inf, nan])
SPECIAL = [
    *unary(
        "Lgamma",
        each(lambda v: math.lgamma(v) if math.isfinite(v) else abs(v)),
        positive(2, 3),
        special=[(np.array([-0.5, -2.5, inf, -inf, nan]),)],
    ),
    *unary(
        "Digamma", special.digamma, positive(2, 3), special=[(np.array([-0.5, -2.5, inf, nan]),)]
    ),
    *unary("Erf", each(math.erf), real(2, 3), special=[(EDGES,)]),
    *unary("Erfc", each(math.erfc), real(2, 3), special=[(EDGES,)]),
    Case(
        "Digamma",
        [between(0.7, 4.0, 2, 3)],
        lambda x: np.where(x > 0, special.digamma(x), inf),
        special=[(np.array([0.0, -0.0, -1.0, -7.0, inf]),)],
    ),
    Case(
        "Zeta",
        [between(1.5, 5.0, 4, 1, 3), positive(2, 1)],
        special.zeta,
        grad=[1],
        special=[(np.array([1.0, 0.5, 2.0]), np.array([1.0, 1.0, 0.0]))],
    ),
    Case(
        "Polygamma",
        [np.array([[[1.0]], [[2.0]], [[0.0]]]), positive(2, 3)],
        polygamma,
        grad=[1],
        tolerance={"gradient": 1e-5},
    ),
    Case(
        "Igamma",
        [positive(4, 1, 3), positive(2, 1)],
        lambda a, x: np.where(x == 0, 0, special.gammainc(a, x)),
        grad=[1],
        special=[(np.array([1.0, 0.0, 2.0]), np.array([0.0, 0.0, 700.0]))],
    ),
    Case("Igammac", [positive(4, 1, 3), positive(2, 1)], density, grad=[1]),
    Case("Betainc", [positive(2, 3), positive(2, 3), between(0.1, 0.9, 2, 3)], special.betainc),
    Case(
        "Betainc",
        [np.array(2.0), np.array([[1.0, 3.0]]), np.array(0.3)],
        special.betainc,
        special=[(np.array([1.0]), np.array(1.0), np.array([1.0]))],
    ),
]
COMPARISONS = [
    *comparison("Less", operator.lt),
    *comparison("LessEqual", operator.le),
    *comparison("Greater", operator.gt),
    *comparison("GreaterEqual", operator.ge),
    *comparison("Equal", operator.eq),
    *comparison("NotEqual", operator.ne),
    Case(
        "Equal",
        [np.array([[b"a"], [b"b"]], object), np.array([b"a", b"c"], object)],
        pairs(operator.eq),
    ),
    Case(
        "NotEqual",
        [np.array([[b"a"], [b"b"]], object), np.array([b"a", b"c"], object)],
        pairs(operator.ne),
    ),
    Case("LogicalAnd", [booleans(4, 1, 3), booleans(2, 1)], pairs(operator.and_)),
    Case("LogicalOr", [booleans(4, 1, 3), booleans(2, 1)], pairs(operator.or_)),
    Case("LogicalNot", [booleans(2, 3)], each(operator.not_)),
    *unary("IsNan", each(math.isnan), EDGES),
    *unary("IsInf", each(math.isinf), EDGES),
    *unary("IsFinite", each(math.isfinite), EDGES),
    Case(
        "CheckNumerics",
        [real(2, 3)],
        lambda x, **_: x.copy(),
        attrs={"message": "m"},
        analytic=True,
    ),
    Case(
        "BroadcastGradientArgs",
        [np.array([2, 1, 3]), np.array([4, 1])],
        stretched,
        special=[
            (np.array(a, int), np.array(b, int))
            for a, b in (
                ([2, 3], [2, 3]),
                ([2, 3], [3]),
                ([1, 3], [2, 3]),
                ([2, 1], [1, 3]),
                ([1], [1]),
                ([1, 1], [1]),
                ([], [2]),
                ([], []),
                ([2, 1, 3], [2, 1, 1]),
                ([1, 1, 2], [2]),
                ([0], [1]),
                ([2, 1, 1], [2, 1, 1]),
                ([1, 5, 1], [1, 1, 1]),
            )
        ],
    ),
]
COMPLEX = [
    Case(
        "Complex",
        [real(4, 1, 3), real(2, 1)],
        lambda a, b, **_: a + 1j * b,
        attrs={"Tout": as_dtype("complex128")},
        dtypes=["float64"],
        why="the type of the parts and that of the whole go together",
    ),
    Case(
        "Complex",
        [real(2, 3), real(2, 3)],
        lambda a, b, **_: a + 1j * b,
        grad=(),
        attrs={"Tout": as_dtype("complex64")},
        dtypes=["float32"],
        why="the type of the parts and that of the whole go together",
    ),
    *[
        Case(
            op,
            [complexes(2, 3)],
            reference,
            attrs={"Tout": as_dtype(tout)},
            dtypes=[kind],
            grad=grad,
            why="the type of the parts and that of the whole go together",
        )
        for op, reference in (
            ("Real", lambda z, **_: (z + z.conj()) / 2),
            ("Imag", lambda z, **_: ((z - z.conj()) / 2j).real),
            ("ComplexAbs", lambda z, **_: np.hypot(z.real, z.imag)),
        )
        for kind, tout, grad in (("complex128", "float64", None), ("complex64", "float32", ()))
    ],
    Case("Conj", [complexes(2, 3)], each(lambda z: complex(z.real, -z.imag))),
]
NO_STRINGS = [d.name for d in ALL if d is not string]
WILD = np.array([1.9, -1.9, 300.7, -300.7, 70000.0, 0.3, -0.3, 0.0])
CASTS = [
    Case(
        "Cast",
        [real(2, 3)],
        converted,
        attrs={"DstT": as_dtype("complex128")},
        dtypes=NO_STRINGS,
        why="strings are refused when run: test_casting.py",
    ),
    Case(
        "Cast",
        [complexes(2, 3)],
        converted,
        attrs={"DstT": as_dtype("float64")},
        dtypes=["complex128", "complex64"],
        why="complex input",
    ),
    *[
        Case(
            "Cast",
            [real(2, 3, scale=3.0)],
            converted,
            attrs={"DstT": as_dtype(target)},
            grad=(),
            dtypes=NO_STRINGS,
            why="the first rows differentiate; strings are refused",
            tolerance={"float64": 1e-2} if target == "float16" else {"float64": 1e-5},
        )
        for target in ("float16", "float32", "int32", "int64", "uint8", "bool")
    ],
    *[
        Case(
            "Cast",
            [WILD],
            converted,
            attrs={"DstT": as_dtype(target)},
            grad=(),
            dtypes=["float64", "float32", "complex128"],
            why="values that wrap around",
        )
        for target in ("int8", "uint8", "int16", "uint16", "int32", "int64")
    ],
    Case(
        "Bitcast",
        [real(2, 3)],
        lambda x, **_: np.array([list(np.float64(v).tobytes()) for v in x.reshape(-1)]).reshape(
            2, 3, 8
        ),
        attrs={"type": as_dtype("uint8")},
        dtypes=["float64"],
        why="the reference has to see the very bits",
    ),
    Case(
        "Bitcast",
        [integers(0, 256, 4, 3, 2)],
        lambda x, **_: x[..., 0] + 256 * x[..., 1],
        attrs={"type": as_dtype("uint16")},
        dtypes=["uint8"],
        why="the reference has to see the very bits",
    ),
    Case(
        "Bitcast",
        [np.array([[0, 1], [-1, 5]])],
        lambda x, **_: x.astype(np.uint64),
        attrs={"type": as_dtype("uint64")},
        dtypes=["int64"],
        why="the reference has to see the very bits",
    ),
]
CASES: list[Case | Elsewhere] = [
    *NUMBERS,
    *QUOTIENTS,
    *POWERS,
    *ELEMENTARY,
    *SPECIAL,
    *COMPARISONS,
    *COMPLEX,
    *CASTS,
]
