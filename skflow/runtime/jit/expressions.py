"""What elementwise operations and optimizers compute, as expressions of one element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

KINDS: Final = {
    "float32": "f32",
    "float64": "f64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "bool": "b1",
}
"""By a dtype's name: the kernels' function that takes an address for that of such numbers."""

FLOATS: Final = frozenset({"float32", "float64"})
"""The types that kernels multiply, sum and apply functions to."""

_NUMBERS: Final = FLOATS | {"int32", "int64"}
_ANY: Final = frozenset(KINDS)


@dataclass(frozen=True)
class Expression:
    """One element of an operation's output.

    Parameters
    ----------
    text : str
        An expression of the inputs' elements ``{0}``, ``{1}`` and so on, and of ``{zero}`` and
        ``{one}`` of the output's type ``{T}``.
    types : frozenset of str
        The types of the inputs for which it is right.
    cost : float
        Nanoseconds an element.
    loop : str, optional
        A function of NumPy's, by its name, to whose value the expression is then applied.
    before : str, optional
        What that function is applied to, if not the first input itself.
    """

    text: str
    types: frozenset[str] = _NUMBERS
    cost: float = 0.05
    loop: str | None = None
    before: str = "{0}"


def _function(name: str) -> Expression:
    return Expression("{0}", FLOATS, 1.5, name)


def _real(text: str) -> Expression:
    return Expression(text, FLOATS, 0.1)


def _compare(sign: str) -> Expression:
    return Expression(f"({{0}} {sign} {{1}})", _NUMBERS)


_BOOL: Final = frozenset({"bool"})

# The order of operations is that of the kernels in NumPy, so that results are bitwise equal
# wherever each operation is rounded correctly. Maxima and minima hand on what is not a number.
EXPRESSIONS: Final[dict[str, Expression]] = {
    "Add": Expression("({0} + {1})"),
    "BiasAdd": Expression("({0} + {1})"),
    "Sub": Expression("({0} - {1})"),
    "Mul": Expression("({0} * {1})"),
    "RealDiv": _real("({0} / {1})"),
    "Div": _real("({0} / {1})"),
    "Neg": Expression("(-{0})"),
    "Square": Expression("({0} * {0})"),
    "SquaredDifference": _real("(({0} - {1}) * ({0} - {1}))"),
    "Abs": _real("abs({0})"),
    # A NaN in the first stays, one in the second is passed over.
    "Maximum": Expression("({0} if ({0} > {1} or {0} != {0} or {1} != {1}) else {1})"),
    "Minimum": Expression("({0} if ({0} < {1} or {0} != {0} or {1} != {1}) else {1})"),
    "Reciprocal": _real("({one} / {0})"),
    "Inv": _real("({one} / {0})"),
    "Sqrt": _real("math.sqrt({0})"),
    "Rsqrt": _real("({one} / math.sqrt({0}))"),
    # The loops of NumPy itself: vectors of its own making, with its rounding errors.
    "Exp": _function("exp"),
    "Log": _function("log"),
    "Log1p": _function("log1p"),
    "Expm1": _function("expm1"),
    "Sin": _function("sin"),
    "Cos": _function("cos"),
    "Tanh": _function("tanh"),
    "Sigmoid": Expression("({one} / ({0} + {one}))", FLOATS, 1.5, "exp", "(-{0})"),
    "Relu": _real("({0} if ({0} > {zero} or {0} != {0}) else {zero})"),
    "ReluGrad": _real("({0} * ({one} if {1} > {zero} else {zero}))"),
    "EluGrad": _real("({0} * (({1} if ({1} < {zero} or {1} != {1}) else {zero}) + {one}))"),
    "SigmoidGrad": _real("((({one} - {0}) * {0}) * {1})"),
    "TanhGrad": _real("(({one} - {0} * {0}) * {1})"),
    "Greater": _compare(">"),
    "GreaterEqual": _compare(">="),
    "Less": _compare("<"),
    "LessEqual": _compare("<="),
    "Equal": _compare("=="),
    "NotEqual": _compare("!="),
    "LogicalAnd": Expression("({0} & {1})", _BOOL),
    "LogicalOr": Expression("({0} | {1})", _BOOL),
    "LogicalNot": Expression("(not {0})", _BOOL),
    "Select": Expression("({1} if {0} else {2})", _ANY),
    "ZerosLike": Expression("{zero}", _ANY),
    "OnesLike": Expression("{one}", _ANY),
    "Cast": Expression("{T}({0})", _NUMBERS | _BOOL),
}


def number(dtype: np.dtype[Any], value: float) -> str:
    """A number of a type, as the kernels write it."""
    return f"np.{dtype.name}({value})" if dtype.kind != "b" else str(bool(value))


def written(text: str, inputs: list[str], dtype: np.dtype[Any]) -> str:
    """An expression of named inputs whose value is of a type."""
    kind = "bool" if dtype.kind == "b" else f"np.{dtype.name}"  # which older NumPy has no name for
    names = {"zero": number(dtype, 0), "one": number(dtype, 1), "T": kind}
    found = text.format(*inputs, **names)
    # Whole numbers would grow to 64 bits; they wrap, as they do in NumPy.
    return f"np.{dtype.name}({found})" if dtype.kind in "iu" and dtype.itemsize < 8 else found


def loaded(text: str, dtype: np.dtype[Any]) -> str:
    """What an element in memory is to an expression: truth values are bytes there."""
    return f"{text} != 0" if dtype.kind == "b" else text


def stored(text: str, dtype: np.dtype[Any]) -> str:
    """What the value of an expression is to memory."""
    return f"np.uint8({text})" if dtype.kind == "b" else text


# ---- optimizers -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Update:
    """An optimizer's step for one element, in the order of the rules in ``graph/ops/_updates``.

    Parameters
    ----------
    constants : tuple of str
        Lines that work out what all elements share, from hyperparameters by their names.
    body : tuple of str
        Lines that change ``p`` and the slots ``s0``, ``s1`` and so on by the gradient ``g``.
    cost : float
        Nanoseconds an element.
    """

    constants: tuple[str, ...]
    body: tuple[str, ...]
    cost: float


UPDATES: Final[dict[str, Update]] = {
    "ApplyGradientDescent": Update((), ("p = p - g * alpha",), 0.3),
    "ApplyMomentum": Update(
        (), ("s0 = s0 * momentum", "s0 = s0 + g", "p = p - {direction} * lr"), 0.5
    ),
    "ApplyAdagrad": Update((), ("s0 = s0 + g * g", "p = p - (g / math.sqrt(s0)) * lr"), 0.6),
    "ApplyRMSProp": Update(
        ("rest = {one} - rho",),
        (
            "s0 = s0 + (g * g - s0) * rest",
            "s1 = s1 * momentum",
            "s1 = s1 + (g / math.sqrt(s0 + epsilon)) * lr",
            "p = p - s1",
        ),
        0.9,
    ),
    "ApplyAdam": Update(
        (
            "rate = lr * math.sqrt({one} - beta2_power) / ({one} - beta1_power)",
            "rest1 = {one} - beta1",
            "rest2 = {one} - beta2",
        ),
        (
            "s0 = s0 + (g - s0) * rest1",
            "s1 = s1 + (g * g - s1) * rest2",
            "p = p - ({direction}) * rate",
        ),
        0.9,
    ),
}
"""The optimizers whose steps are compiled, by the type of their operations."""

DIRECTIONS: Final = {
    ("ApplyMomentum", False): "s0",
    ("ApplyMomentum", True): "(s0 * momentum + g)",
    ("ApplyAdam", False): "s0 / (math.sqrt(s1) + epsilon)",
    ("ApplyAdam", True): (
        "(s0 / (math.sqrt(s1) + epsilon)) * beta1 + (g / (math.sqrt(s1) + epsilon)) * rest1"
    ),
}
"""Which way the variables go, without and with Nesterov's look ahead."""
