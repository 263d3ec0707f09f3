"""What a row of the op-case table is held to: helpers of `tests/test_op_cases.py`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import skflow.graph.ops
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.declaration import Arg
from skflow.graph.dtypes import ALL, DType, as_dtype, float32, float64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import REGISTRY, OpDef, raw
from tests import op_cases
from tests.op_cases.case import Case, Elsewhere

Arrays = list[Any]
TOLERANCE = {
    "float64": 1e-10,
    "complex128": 1e-10,
    "float32": 1e-5,
    "complex64": 1e-5,
    "float16": 5e-3,
}
FIXED = {d.name: d for d in ALL} | {"float": float32, "double": float64}


# ---- tables -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row and the name it goes by in test reports."""

    id: str
    case: Case

    @property
    def definition(self) -> OpDef:
        return REGISTRY[self.case.op]


def load_engine() -> None:
    """Import every module that declares operations."""
    for module in pkgutil.iter_modules(skflow.graph.ops.__path__, "skflow.graph.ops."):
        importlib.import_module(module.name)


@cache
def tables() -> tuple[list[Row], list[Elsewhere]]:
    """All rows of all families: those that are driven here and those that point elsewhere."""
    load_engine()
    rows: list[Row] = []
    elsewhere: list[Elsewhere] = []
    for path in sorted(Path(next(iter(op_cases.__path__))).glob("*.py")):
        if path.stem in ("case", "__init__"):
            continue
        family = importlib.import_module(f"tests.op_cases.{path.stem}")
        counts: dict[str, int] = {}
        for item in getattr(family, "CASES", ()):
            if isinstance(item, Elsewhere):
                elsewhere.append(item)
                continue
            counts[item.op] = number = counts.get(item.op, 0) + 1
            rows.append(Row(f"{path.stem.removesuffix('_cases')}-{item.op}-{number}", item))
    return rows, elsewhere


# ---- types --------------------------------------------------------------------------------


def claimed(definition: OpDef, attr: str) -> tuple[DType, ...]:
    """The types that an operation says its type attribute may be."""
    return tuple(definition.types.get(attr, ALL))


def leaves(arg: Arg, value: Any) -> Arrays:
    """The arrays of one argument: several, if it is a list."""
    return list(value) if arg.is_list else [value]


def natural(array: Any) -> DType:
    """The type of an input as the table gives it: float64, complex128, int64, bool or string."""
    kind = np.asarray(array).dtype.kind
    names = {"f": "float64", "c": "complex128", "i": "int64", "u": "uint64", "b": "bool"}
    return as_dtype(names.get(kind, "string"))


def sweep(row: Row) -> list[dict[str, DType]]:
    """The choices of type attributes to try: the leading one over all its types, then the others.

    The first choice is the widest: float64, int64 or whatever is nearest to the row's inputs.
    """
    definition, case = row.definition, row.case
    options: dict[str, list[DType]] = {}
    for arg, value in zip(definition.inputs, case.inputs, strict=True):
        if arg.type in FIXED or arg.many or arg.type in case.attrs or arg.type in options:
            continue
        found = leaves(arg, value)
        if not found:
            continue
        if case.dtypes is not None and not options:
            wanted = [as_dtype(d) for d in case.dtypes]
        else:
            wanted = list(claimed(definition, arg.type))
        options[arg.type] = _ordered(wanted, natural(found[0]))
    first = {attr: choices[0] for attr, choices in options.items()}
    found_choices = [first]
    for attr, choices in options.items():
        found_choices += [{**first, attr: dtype} for dtype in choices[1:]]
    return found_choices


def _ordered(dtypes: Sequence[DType], wish: DType) -> list[DType]:
    """The types to cast a value of type `wish` to, the nearest first."""
    kinds = {"f": "fciub", "c": "c", "i": "iuf", "u": "uif", "b": "b", "O": "O"}
    order = kinds[wish.np_dtype.kind]
    if wish.np_dtype.kind == "f" and {d.name for d in dtypes} >= {d.name for d in ALL}:
        order += "O"  # what takes any type at all only moves elements about
    usable = [d for d in dtypes if d.np_dtype.kind in order]
    usable.sort(key=lambda d: (order.index(d.np_dtype.kind), -d.np_dtype.itemsize))
    if not usable:
        raise AssertionError(f"inputs of type {wish.name} fit none of {[d.name for d in dtypes]}")
    return usable


def cast(value: Any, dtype: DType) -> Any:
    """A table's input as an array of another type, without losing what makes it a good input."""
    array = np.asarray(value)
    kind, target = array.dtype.kind, dtype.np_dtype
    if target.kind == "O":
        if kind == "O":
            return array
        texts = np.array([repr(v).encode() for v in array.reshape(-1).tolist()], dtype=object)
        return texts.reshape(array.shape)
    if kind == "f" and target.kind in "iu":
        array = np.where(np.isfinite(array), array, 0)
        array = np.sign(array) * np.ceil(np.abs(array))  # what is not zero stays so
    if kind == "f" and target.kind == "b":
        return array > 0
    if target.kind == "u":
        array = np.abs(array)
    return array.astype(target)


def widened(array: Any) -> Any:
    """What the reference sees: the kernel's very values, in the widest type of their kind."""
    kind = array.dtype.kind
    wide = {"f": np.float64, "c": np.complex128, "i": np.int64, "u": np.uint64}.get(kind)
    return array.copy() if wide is None else array.astype(wide)


def arguments(row: Row, inputs: Sequence[Any], choice: dict[str, DType]) -> list[Any]:
    """The row's inputs cast to the types of a choice, argument by argument."""
    found: list[Any] = []
    for arg, value in zip(row.definition.inputs, inputs, strict=True):
        given = row.case.attrs.get(arg.type)
        dtype = FIXED.get(arg.type) or choice.get(arg.type)
        if dtype is None and given is not None and not arg.many:
            dtype = as_dtype(given)
        arrays = [cast(v, natural(v) if dtype is None else dtype) for v in leaves(arg, value)]
        found.append(arrays if arg.is_list else arrays[0])
    return found


def flat(args: Sequence[Any]) -> Arrays:
    """Arguments as one list of arrays (or tensors)."""
    return [v for a in args for v in (a if isinstance(a, list) else [a])]


def reference(row: Row, args: Sequence[Any]) -> Arrays:
    """What the row's reference says, as a flat list of outputs."""
    wide = [[widened(v) for v in a] if isinstance(a, list) else widened(a) for a in args]
    with np.errstate(all="ignore"):
        found = row.case.reference(*wide, **row.case.attrs)
    outputs = row.definition.outputs
    if len(outputs) == 1:
        return list(found) if outputs[0].is_list else [found]
    return flat([list(v) if arg.is_list else v for arg, v in zip(outputs, found, strict=True)])


# ---- building -----------------------------------------------------------------------------

Maker = Callable[[Any], Tensor]


def fixed(array: Any) -> Tensor:
    """An input known while the graph is built."""
    return constant(array)


def fed(array: Any) -> Tensor:
    """An input of a known shape that comes with the run."""
    return _placeholder(array, np.shape(array))


def fed_with_rank(array: Any) -> Tensor:
    """An input of which only type and rank are known."""
    return _placeholder(array, (None,) * np.ndim(array))


def fed_with_type(array: Any) -> Tensor:
    """An input of which only the type is known."""
    return _placeholder(array, None)


def _placeholder(array: Any, shape: Any) -> Tensor:
    tensor: Tensor = raw.Placeholder(dtype=as_dtype(np.asarray(array).dtype), shape=())
    tensor._spec.shape = shape
    return tensor


@dataclass
class Built:
    """An operation in a graph, its input tensors and the arrays they stand for."""

    op: Operation
    inputs: list[Tensor]
    arrays: Arrays

    @property
    def feeds(self) -> dict[Tensor, Any]:
        return {
            t: a
            for t, a in zip(self.inputs, self.arrays, strict=True)
            if t.op.type == "Placeholder"
        }


def is_inexact(array: Any) -> bool:
    """Whether an input may be differentiated by."""
    return np.asarray(array).dtype.kind in "fc"


def build(row: Row, args: Sequence[Any], make: Maker, make_other: Maker | None = None) -> Built:
    """Add the row's operation to the default graph.

    `make` makes the tensors of inexact inputs, `make_other` those of the rest.
    """
    others = make if make_other is None else make_other

    def tensor(array: Any) -> Tensor:
        return make(array) if is_inexact(array) else others(array)

    tensors = [[tensor(v) for v in a] if isinstance(a, list) else tensor(a) for a in args]
    definition = row.definition
    op = definition.build(tuple(tensors), dict(row.case.attrs), None)
    return Built(op, flat(tensors), flat(args))


def choices(row: Row) -> Iterator[tuple[str, list[Any]]]:
    """Every choice of types with the arguments cast to it, and a name for messages."""
    for choice in sweep(row):
        label = ", ".join(f"{k}={d.name}" for k, d in choice.items()) or "as given"
        yield label, arguments(row, row.case.inputs, choice)


def kernel_outputs(op: Operation, arrays: Arrays) -> Arrays:
    """What the kernel itself returns, as a flat list, types as they come."""
    definition: OpDef = op.definition
    with np.errstate(all="ignore"):
        found = definition.bind_kernel(op.attrs)(*arrays)
    if len(definition.outputs) == 1:
        return list(found) if definition.outputs[0].is_list else [found]
    return flat(
        [list(v) if arg.is_list else v for arg, v in zip(definition.outputs, found, strict=True)]
    )


# ---- comparing ----------------------------------------------------------------------------


def assert_close(
    actual: Any, expected: Any, tolerance: float, label: str, each: bool = False
) -> None:
    """Compare by the size of the largest element: what cancels has that much of an error.

    With `each`, every element has to be right by its own size.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{label}: shape {actual.shape}, not {expected.shape}"
    if actual.dtype.kind not in "fc" and expected.dtype.kind not in "fc":
        if expected.dtype.kind in "iu" and actual.dtype.kind in "iu":
            expected = expected.astype(actual.dtype)  # integers wrap around
        np.testing.assert_array_equal(actual, expected, err_msg=label)
        return
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max()) if finite.size and not each else 0.0
    if actual.dtype.kind == "f" and actual.dtype.itemsize < 8 and expected.dtype.kind == "f":
        with np.errstate(over="ignore"):
            expected = expected.astype(actual.dtype)  # what overflows is infinite
    wide = np.complex128 if "c" in (actual.dtype.kind, expected.dtype.kind) else np.float64
    np.testing.assert_allclose(
        actual.astype(wide),
        expected.astype(wide),
        rtol=tolerance,
        atol=tolerance * max(scale, 1e-30),
        err_msg=label,
    )


def tolerance_of(case: Case, array: Any, default: float = 0.0) -> float:
    """The relative tolerance for values of an array's type."""
    name = as_dtype(np.asarray(array).dtype).name
    return case.tolerance.get(name, TOLERANCE.get(name, default))


def copies(arrays: Arrays) -> Arrays:
    """Copies, to see later whether anybody wrote to the originals."""
    return [np.array(a) for a in arrays]


def assert_untouched(arrays: Arrays, before: Arrays, label: str) -> None:
    """No input may have changed."""
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old, err_msg=f"{label}: an input was written to")


def body_free(graph: Graph) -> bool:
    """Whether no operation of a graph holds a body of its own."""
    return not any(isinstance(v, Graph) for op in graph.get_operations() for v in op.attrs.values())
