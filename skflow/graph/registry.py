"""An operation is declared in one place: its signature, shapes, kernel and gradient."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow.graph import spec as specs
from skflow.graph.core import LATE, Graph, Operation, Tensor, get_default_graph, graph_of
from skflow.graph.literals import constant_array
from skflow.graph.spec import DType, Shape, Spec, as_dtype, shape_brackets, to_shape

Kernel = Callable[..., Any]
REGISTRY: Final[dict[str, OpDef]] = {}
_FIXED: Final = {d.name: d for d in specs.ALL} | {
    "float": specs.float32,
    "double": specs.float64,
    "half": specs.float16,
}
_ARGUMENT: Final = re.compile(r"(\w+): (?:(Ref)\((\w+)\)|(?:(\w+) \* )?(\w+)(\.\.\.)?)$")
_FOLDABLE: Final = 4096  # elements: larger values are not worked out while the graph is built


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute of an operation: its kind and, unless it is required, its default.

    The kinds are those of TensorFlow's ``AttrValue``: ``type``, ``shape``, ``int``, ``float``,
    ``bool``, ``string``, ``tensor``, ``func``, or ``list(...)`` of one of them.
    """

    kind: str
    default: Any = ...


@dataclass(frozen=True, slots=True)
class Arg:
    """An input or output: ``name: T``, ``name: N * T``, ``name: Ref(T)`` or ``name: Tin...``."""

    name: str
    type: str
    ref: bool = False
    number: str | None = None
    many: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it stands for several tensors."""
        return self.many or self.number is not None


def _parse_args(text: str) -> tuple[Arg, ...]:
    args = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = _ARGUMENT.match(part)
        if match is None:
            raise ValueError(f"Cannot read {part!r} as an argument of an operation")
        name, ref, ref_type, number, kind, many = match.groups()
        args.append(Arg(name, ref_type or kind, bool(ref), number, bool(many)))
    return tuple(args)


def _keywords(function: Any) -> tuple[str, ...]:
    """The names of a function's keyword-only parameters: the attributes it wants."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    first = int(code.co_argcount)
    return tuple(n for n in code.co_varnames[first : first + code.co_kwonlyargcount] if n != "out")


class OpDef:
    """The declaration of an operation type; calling it adds an operation to the graph.

    See `define` for the parameters.
    """

    def __init__(
        self,
        type: str,
        signature: str,
        *,
        attrs: dict[str, Any],
        types: dict[str, Any],
        infer: Any,
        kernel: Any,
        grad: Any,
        flags: frozenset[str],
        specialize: Any,
        explain: Any,
        partial: Any,
    ) -> None:
        self.type = type
        self._text = signature
        self._given_attrs = attrs
        self.types = types
        self._infer = infer
        self.kernel = kernel
        self.grad = grad
        self.broadcast = "broadcast" in flags
        self.elementwise = "elementwise" in flags or self.broadcast
        self.stateful = "stateful" in flags
        self.context = "context" in flags
        self.view = "view" in flags
        self.out = "out" in flags or isinstance(kernel, np.ufunc)
        self.commutative = "commutative" in flags
        self.specialize = specialize
        self.explain = explain
        self.partial = partial
        self.inputs: tuple[Arg, ...]
        self.outputs: tuple[Arg, ...]
        self.attrs: dict[str, Attr]

    def __getattr__(self, name: str) -> Any:
        # The signature is read at first use: most operations of the library never are.
        if name not in (
            "inputs",
            "outputs",
            "attrs",
            "kernel_attrs",
            "infer_attrs",
            "simple",
            "result",
        ):
            raise AttributeError(name)
        before, _, after = self._text.partition("->")
        self.inputs, self.outputs = _parse_args(before), _parse_args(after)
        self.attrs = {k: _as_attr(v) for k, v in self._given_attrs.items()}
        self.kernel_attrs = _keywords(self.kernel)
        self.infer_attrs = _keywords(self._infer)
        self.simple = not any(a.is_list or a.ref for a in self.inputs)
        fields = [a.name for a in self.outputs]
        self.result = namedtuple(self.type, fields) if len(fields) > 1 else None
        return self.__dict__[name]

    # ---- building ---------------------------------------------------------------------

    def __call__(self, *args: Any, name: str | None = None, **attrs: Any) -> Any:
        """Add an operation of this type to the graph.

        Parameters
        ----------
        *args : Tensor or anything convertible
            The inputs in order; they may also be given by name.
        name : str, optional
            The operation's name; by default its type.
        **attrs : object
            The attributes.

        Returns
        -------
        Tensor, list, namedtuple or Operation
            The output, the outputs, or the operation if it has none.
        """
        if len(args) < len(self.inputs):
            args = args + tuple(attrs.pop(a.name) for a in self.inputs[len(args) :])
        op = self.build(args, attrs, name)
        return self.pack(op)

    def pack(self, op: Operation) -> Any:
        """The outputs of an operation the way its caller wants them."""
        outputs = op.outputs
        if len(self.outputs) == 1:
            return list(outputs) if self.outputs[0].is_list else outputs[0]
        if self.result is None:
            return op
        return self.result(*self.group(outputs, self.outputs, op.attrs))

    def build(self, args: tuple[Any, ...], attrs: dict[str, Any], name: str | None) -> Operation:
        """Add an operation: convert the inputs, resolve the attributes, infer the shapes."""
        if len(args) != len(self.inputs):
            raise TypeError(
                f"{self.type} takes {len(self.inputs)} inputs "
                f"({', '.join(a.name for a in self.inputs)}), got {len(args)}"
            )
        if self.simple:
            graph = graph_of(args)
            if all(type(a) is Tensor and a._op.graph is graph for a in args):
                full = _scope_name(graph, name or self.type)
                return self._finish(graph, full, self._typed(args, attrs), attrs)
        else:
            graph = graph_of(_flatten(args))
        old = graph.enter_name_scope(name or self.type)
        scope = graph._name_stack
        entered = None if graph is get_default_graph() else graph.as_default()
        try:
            if entered is not None:
                entered.__enter__()
            inputs = self._converted(graph, args, attrs)
        finally:
            graph._name_stack = old
            if entered is not None:
                entered.__exit__(None, None, None)
        return self._finish(graph, scope, inputs, attrs)

    def _typed(self, args: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[Tensor, ...]:
        """Check the types of inputs that are all tensors of the graph."""
        for arg, value in zip(self.inputs, args, strict=True):
            self._check_type(arg, value, attrs)
        return args

    def _check_type(self, arg: Arg, value: Tensor, attrs: dict[str, Any]) -> None:
        dtype = value.dtype.base_dtype
        fixed = _FIXED.get(arg.type)
        wanted = attrs.get(arg.type) if fixed is None else fixed
        if wanted is None:
            allowed = self.types.get(arg.type)
            if allowed is not None and dtype not in allowed:
                raise TypeError(
                    f"Value passed to parameter '{arg.name}' has DataType {dtype.name} not in "
                    f"list of allowed values: {', '.join(d.name for d in allowed)}"
                )
            attrs[arg.type] = dtype
        elif wanted is not dtype and as_dtype(wanted).base_dtype is not dtype:
            raise TypeError(self._mismatch(arg, dtype, wanted))

    def _mismatch(self, arg: Arg, dtype: DType, wanted: DType) -> str:
        said = f"Input '{arg.name}' of '{self.type}' Op has type {dtype.name} that does not match"
        if arg.type in _FIXED:
            return f"{said} expected type of {wanted.name}."
        first = next((a.name for a in self.inputs if a.type == arg.type), arg.name)
        return f"{said} type {as_dtype(wanted).base_dtype.name} of argument '{first}'."

    def _converted(
        self, graph: Graph, args: tuple[Any, ...], attrs: dict[str, Any]
    ) -> tuple[Tensor, ...]:
        inputs: list[Tensor] = []
        for arg, value in zip(self.inputs, args, strict=True):
            if arg.is_list:
                inputs.extend(self._convert_list(arg, value, attrs))
            else:
                inputs.append(self._convert_one(arg, value, attrs, arg.name))
        return tuple(own(graph, t) for t in inputs)

    def _convert_one(self, arg: Arg, value: Any, attrs: dict[str, Any], name: str) -> Tensor:
        wanted = _FIXED.get(arg.type) or attrs.get(arg.type)
        wanted = None if wanted is None else as_dtype(wanted).base_dtype
        if isinstance(value, Tensor) and not arg.ref:
            tensor = value
        else:
            tensor = self._convert_value(arg, value, wanted, name)
        if arg.ref and not tensor.dtype.is_ref_dtype:
            raise TypeError(
                f"'{self.type}' Op requires that input '{arg.name}' be a mutable tensor "
                "(e.g.: a tf.Variable)"
            )
        self._check_type(arg, tensor, attrs)
        return tensor

    def _convert_value(self, arg: Arg, value: Any, wanted: DType | None, name: str) -> Tensor:
        preferred = self._default_type(arg) if wanted is None else None
        try:
            return convert(value, wanted, name, as_ref=arg.ref, preferred_dtype=preferred)
        except TypeError:
            if wanted is None:
                raise
            raise TypeError(
                f"Expected {wanted.name} passed to parameter '{arg.name}' of op '{self.type}', "
                f"got {value!r} of type '{type(value).__name__}' instead."
            ) from None
        except ValueError:
            try:
                seen = convert(value, as_ref=arg.ref).dtype.base_dtype
            except ValueError as error:
                raise ValueError(
                    f"Tried to convert '{arg.name}' to a tensor and failed. Error: {error}"
                ) from None
            if wanted is None or seen is wanted:
                raise
            raise TypeError(self._mismatch(arg, seen, wanted)) from None

    def _default_type(self, arg: Arg) -> DType | None:
        """The type that a value of no type of its own is tried as: the attribute's default."""
        attr = self.attrs.get(arg.type)
        return None if attr is None or attr.default is ... else as_dtype(attr.default)

    def _convert_list(self, arg: Arg, values: Any, attrs: dict[str, Any]) -> list[Tensor]:
        if not isinstance(values, (list, tuple)):
            raise TypeError(
                f"Expected list for '{arg.name}' argument to '{self.type}' Op, not {values}."
            )
        if arg.many:
            wanted: Any = attrs.get(arg.type) or [None] * len(values)
            found = [
                convert(v, w and as_dtype(w), f"{arg.name}_{i}")
                for i, (v, w) in enumerate(zip(values, wanted, strict=True))
            ]
            attrs.setdefault(arg.type, [t.dtype.base_dtype for t in found])
            return found
        attrs[str(arg.number)] = len(values)
        dtype = _FIXED.get(arg.type) or attrs.get(arg.type)
        if dtype is None:
            dtype = next((v.dtype.base_dtype for v in values if isinstance(v, Tensor)), None)
        found = []
        for i, v in enumerate(values):
            try:
                found.append(
                    v
                    if isinstance(v, Tensor)
                    else convert(v, dtype, f"{arg.name}_{i}", as_ref=arg.ref)
                )
            except (TypeError, ValueError):
                raise self._list_error(arg, values, dtype) from None
        if len({t.dtype.base_dtype for t in found}) > 1:
            raise self._list_error(arg, found, None)
        for tensor in found:
            self._check_type(arg, tensor, attrs)
        return found

    def _list_error(self, arg: Arg, values: Any, dtype: DType | None) -> TypeError:
        names = []
        for v in values:
            try:
                names.append(convert(v).dtype.base_dtype.name)
            except (TypeError, ValueError):
                names.append("<NOT CONVERTIBLE TO TENSOR>")
        said = (
            f"Tensors in list passed to '{arg.name}' of '{self.type}' Op have types "
            f"[{', '.join(names)}]"
        )
        if dtype is None or arg.type not in _FIXED:
            return TypeError(f"{said} that don't all match.")
        return TypeError(f"{said} that do not match expected type {dtype.name}.")

    def _finish(
        self, graph: Graph, name: str, inputs: tuple[Tensor, ...], attrs: dict[str, Any]
    ) -> Operation:
        self.fill_attrs(attrs)
        outputs = self.infer([t._spec for t in inputs], attrs, name)
        if self.simple:
            return graph.add_operation(self, name, inputs, attrs, outputs)
        # What changes a variable shares its device.
        saved = graph._colocation_stack
        refs = [t._op for a, t in zip(self.inputs, inputs, strict=False) if a.ref]
        graph._colocation_stack = [*saved, *refs]
        try:
            return graph.add_operation(self, name, inputs, attrs, outputs)
        finally:
            graph._colocation_stack = saved

    def fill_attrs(self, attrs: dict[str, Any]) -> None:
        """Bring attributes to their kinds and add the defaults; TypeError if one is missing."""
        for key, attr in self.attrs.items():
            value = attrs.get(key, attr.default)
            if value is ...:
                raise TypeError(f"{self.type} requires the attribute {key!r}")
            attrs[key] = value if value is None else _coerce(attr.kind, value)

    # ---- specs ------------------------------------------------------------------------

    def infer(
        self, inputs: Sequence[Spec], attrs: dict[str, Any], name: str | None = None
    ) -> list[tuple[DType, Shape]]:
        """Types and shapes of the outputs.

        Parameters
        ----------
        inputs : list of Spec
            One for each tensor that goes in.
        attrs : dict
            The attributes, complete.
        name : str, optional
            The operation's name, for the message.

        Raises
        ------
        ValueError
            If the shapes do not fit, with TensorFlow's sentence.
        """
        try:
            shapes = self._shapes(inputs, attrs)
        except ValueError as error:
            raise ValueError(self._shape_error(str(error), inputs, attrs, name)) from None
        dtypes = self.output_types(attrs)
        if len(dtypes) == 1 and not isinstance(shapes, list):
            return [(dtypes[0], shapes)]
        if shapes is None:
            return [(d, None) for d in dtypes]
        return list(zip(dtypes, shapes, strict=True))

    def _default_shapes(self, inputs: Sequence[Spec]) -> Any:
        if self.broadcast:
            return specs.broadcast(inputs[0].shape, inputs[1].shape)
        if self.elementwise or self.view:
            return inputs[0].shape
        return None

    def _shapes(self, inputs: Sequence[Spec], attrs: dict[str, Any]) -> Any:
        """What the rule says of the outputs' shapes."""
        rule = self._infer
        if rule is None:
            return self._default_shapes(inputs)
        args = inputs if self.simple else self.group(inputs, self.inputs, attrs)
        if self.infer_attrs:
            return rule(*args, **{k: attrs[k] for k in self.infer_attrs})
        return rule(*args)

    def _shape_error(
        self, message: str, inputs: Sequence[Spec], attrs: dict[str, Any], name: str | None
    ) -> str:
        """The whole sentence, with the inputs that the rule has looked into."""
        # The rule runs again, on specs that take note of its questions: a rule that succeeds,
        # as nearly all do, pays nothing for the message.
        watched = [specs.WatchedSpec(s) for s in inputs]
        with suppress(ValueError):
            self._shapes(watched, attrs)
        shapes = ", ".join(_shape_in_message(s.shape) for s in inputs)
        text = (
            f"{message} for '{name or self.type}' (op: '{self.type}') with input shapes: {shapes}"
        )
        for asked, words in (
            ("value", "computed input tensors"),
            ("shape", "input tensors computed as partial shapes"),
        ):
            found = [
                f"input[{i}] = {s.answer}"
                for i, s in enumerate(watched)
                if s.asked == asked and s.answer
            ]
            if found:
                text += f" and with {words}: {', '.join(found)}"
        return f"{text}."

    def output_types(self, attrs: dict[str, Any]) -> list[DType]:
        """The types of the outputs, which the attributes determine."""
        types: list[DType] = []
        for arg in self.outputs:
            fixed = _FIXED.get(arg.type)
            given = attrs[arg.type] if fixed is None else fixed
            if arg.many:
                types.extend(given)
            elif arg.number is not None:
                types.extend([given] * attrs[arg.number])
            else:
                types.append(given.as_ref if arg.ref else given)
        return types

    def group(self, flat: Sequence[Any], args: Sequence[Arg], attrs: dict[str, Any]) -> list[Any]:
        """Gather a flat sequence of tensors (or of what stands for them) argument by argument."""
        grouped: list[Any] = []
        at = 0
        for arg in args:
            if not arg.is_list:
                grouped.append(flat[at])
                at += 1
                continue
            count = len(attrs[arg.type]) if arg.many else attrs[str(arg.number)]
            grouped.append(list(flat[at : at + count]))
            at += count
        return grouped

    # ---- running ----------------------------------------------------------------------

    def bind_kernel(self, attrs: dict[str, Any]) -> Kernel:
        """The kernel as a function of arrays alone (and of a context, if it takes one)."""
        kernel: Kernel = self.kernel
        wanted = {k: attrs[k] for k in self.kernel_attrs}
        if self.simple and not wanted:
            return kernel
        if self.simple:
            return lambda *arrays, **out: kernel(*arrays, **wanted, **out)
        skip = 1 if self.context else 0

        def grouped(*arrays: Any, **out: Any) -> Any:
            args = self.group(arrays[skip:], self.inputs, attrs)
            return kernel(*arrays[:skip], *args, **wanted, **out)

        return grouped

    def compute(
        self, arrays: Sequence[Any], attrs: dict[str, Any], context: Any = None
    ) -> list[Any]:
        """Run the kernel once and return all outputs, each of its declared type.

        This is the plain way: constants are folded by it and the tests' interpreter uses it.
        """
        lead = (context,) if self.context else ()
        with np.errstate(all="ignore"):
            found = self.bind_kernel(attrs)(*lead, *arrays)
        return self.as_outputs(found, attrs)

    def as_outputs(self, found: Any, attrs: dict[str, Any]) -> list[Any]:
        """A kernel's result as the flat list of outputs, arrays of the declared types."""
        dtypes = self.output_types(attrs)
        if not self.outputs:
            return []
        if len(self.outputs) == 1:
            values = list(found) if self.outputs[0].is_list else [found]
        else:
            values = []
            for arg, value in zip(self.outputs, found, strict=True):
                values.extend(value if arg.is_list else [value])
        return [
            v if d.is_ref_dtype else np.asarray(v, dtype=d.np_dtype)
            for v, d in zip(values, dtypes, strict=True)
        ]

    def __repr__(self) -> str:
        return f"<OpDef {self.type}({self._text})>"


def _shape_in_message(shape: Shape) -> str:
    return "?" if shape is None else shape_brackets(shape)


def _as_attr(value: Any) -> Attr:
    if isinstance(value, Attr):
        return value
    if isinstance(value, DType):
        return Attr("type", value)
    kinds = {bool: "bool", int: "int", float: "float", str: "string", bytes: "string"}
    return Attr(kinds[type(value)], value)


def _coerce(kind: str, value: Any) -> Any:
    if kind.startswith("list("):
        return [_coerce(kind[5:-1], v) for v in value]
    match kind:
        case "type":
            return as_dtype(value)
        case "shape":
            return to_shape(value)
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "bool":
            return bool(value)
        case "string":
            return value.decode() if isinstance(value, bytes) else value
    return value


def _flatten(values: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for v in values:
        flat.extend(_flatten(v) if isinstance(v, (list, tuple)) else [v])
    return flat


def _scope_name(graph: Graph, name: str) -> str:
    """The name of an operation whose name scope holds nothing else."""
    if name.endswith("/"):
        return name[:-1]
    old = graph._name_stack
    if not (name.isidentifier() and name[0] != "_"):
        graph.enter_name_scope(name)
        full, graph._name_stack = graph._name_stack, old
        return full
    return graph.unique_name(name)


def own(graph: Graph, tensor: Tensor) -> Tensor:
    """`tensor` as seen in `graph`: a body graph captures what is outside it.

    Raises
    ------
    ValueError
        If it belongs to an unrelated graph.
    """
    if tensor._op.graph is graph:
        return tensor
    if graph.outer is not None:
        return LATE["capture"](graph, tensor)  # type: ignore[no-any-return]
    raise ValueError(f"{tensor} must be from the same graph as the operation that takes it.")


NOT_DIFFERENTIABLE: Final = "not differentiable"
"""Given as ``grad``: the gradient is zero everywhere or makes no sense."""


def define(
    type: str,
    signature: str,
    *,
    kernel: Kernel,
    infer: Callable[..., Any] | None = None,
    grad: Callable[..., Any] | str | None = None,
    attrs: dict[str, Any] | None = None,
    types: dict[str, tuple[DType, ...]] | None = None,
    broadcast: bool = False,
    elementwise: bool = False,
    stateful: bool = False,
    context: bool = False,
    view: bool = False,
    out: bool = False,
    commutative: bool = False,
    specialize: Callable[..., Any] | None = None,
    explain: Callable[..., str] | None = None,
    partial: Callable[..., Shape] | None = None,
) -> OpDef:
    """Declare an operation type.

    Parameters
    ----------
    type : str
        Its name, such as ``"MatMul"``.
    signature : str
        Inputs and outputs: ``"a: T, b: T -> product: T"``. A type is a fixed one (``float32``,
        ``int32``, ...), a type attribute (``T``), a reference ``Ref(T)``; ``N * T`` is a list of
        equal types, ``Tin...`` a list of any types.
    kernel : callable
        ``kernel(*arrays, **attrs) -> array`` (a list or tuple for several outputs); list inputs
        arrive as lists, attributes as the keyword-only parameters it names. A NumPy ufunc will
        do.
    infer : callable, optional
        ``infer(*specs, **attrs) -> shape`` (a list for several outputs); raises ValueError with
        TensorFlow's sentence. By default the shapes broadcast (`broadcast`), or the shape is the
        first input's (`elementwise`, `view`), else unknown.
    grad : callable, optional
        ``grad(op, *dys) -> list`` with a tensor, `IndexedSlices` or ``None`` for each input.
        For a `broadcast` operation sums over broadcast axes are added by the caller.
        `NOT_DIFFERENTIABLE` stops the flow; ``None`` makes `gradients` raise LookupError.
    attrs : dict, optional
        From an attribute's name to its default, or to an `Attr`.
    types : dict, optional
        From a type attribute to the types it may be.
    broadcast : bool
        Two inputs that broadcast against each other, element by element.
    elementwise : bool
        The output has the first input's shape and may overwrite it.
    stateful : bool
        Runs may differ: never folded or shared.
    context : bool
        The kernel's first argument is the runtime's `OpContext`.
    view : bool
        The output may share memory with the first input.
    out : bool
        The kernel takes ``out=`` (a ufunc always does).
    commutative : bool
        The two inputs may be exchanged.
    specialize : callable, optional
        ``specialize(specs, attrs) -> kernel or None``: a quicker kernel, of the same parameters
        as the bound kernel, for known shapes and values.
    explain : callable, optional
        ``explain(*arrays) -> str``: the sentence for a ValueError the kernel raised.
    partial : callable, optional
        ``partial(op) -> tuple``: what is known of an output that holds a shape.

    Returns
    -------
    OpDef
        The declaration, which `raw` knows by name too.

    Raises
    ------
    ValueError
        If the type is declared already.
    """
    if type in REGISTRY:
        raise ValueError(f"The operation {type!r} is defined already")
    named = {
        "broadcast": broadcast,
        "elementwise": elementwise,
        "stateful": stateful,
        "context": context,
        "view": view,
        "out": out,
        "commutative": commutative,
    }
    flags = frozenset(k for k, on in named.items() if on)
    found = OpDef(
        type,
        signature,
        attrs=attrs or {},
        types=types or {},
        infer=infer,
        kernel=kernel,
        grad=grad,
        flags=flags,
        specialize=specialize,
        explain=explain,
        partial=partial,
    )
    REGISTRY[type] = found
    return found


class _Raw:
    """The declared operations as attributes: ``raw.MatMul(a, b, transpose_b=True)``."""

    def __getattr__(self, name: str) -> OpDef:
        try:
            found = REGISTRY[name]
        except KeyError:
            raise AttributeError(f"There is no operation {name!r}") from None
        setattr(self, name, found)
        return found


raw: Final = _Raw()


# ---- conversion -------------------------------------------------------------------------

_CONVERSIONS: Final[list[tuple[int, Any, Callable[..., Any]]]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: Callable[..., Any], priority: int = 100
) -> None:
    """Teach `convert_to_tensor` to convert objects of a type.

    Parameters
    ----------
    base_type : type or tuple of types
        What to convert.
    conversion_func : callable
        ``f(value, dtype=None, name=None, as_ref=False)`` returning a tensor, or
        ``NotImplemented`` to let the next function try.
    priority : int
        Functions with smaller numbers are asked first.

    Raises
    ------
    TypeError
        If the arguments are not what they should be.
    """
    kinds = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(k, type) for k in kinds):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _CONVERSIONS.append((priority, base_type, conversion_func))
    _CONVERSIONS.sort(key=lambda item: item[0])


def convert(
    value: Any,
    dtype: DType | None = None,
    name: str | None = None,
    as_ref: bool = False,
    preferred_dtype: DType | None = None,
) -> Tensor:
    """Convert anything to a tensor of the default graph; see `convert_to_tensor`."""
    if type(value) is Tensor:
        return _same_type(value, dtype)
    if type(value) in (int, float) and preferred_dtype is None:
        return constant(value, dtype, name=name or "Const")
    for _, base_type, function in _CONVERSIONS:
        if not isinstance(value, base_type):
            continue
        if dtype is None and preferred_dtype is not None:
            try:
                found = function(value, dtype=preferred_dtype, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                found = function(value, dtype=None, name=name, as_ref=as_ref)
        else:
            found = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if found is NotImplemented:
            continue
        if not isinstance(found, Tensor):
            raise RuntimeError(
                f"Conversion function {function!r} for type {base_type} returned non-Tensor: "
                f"{found!r}"
            )
        return found
    array_like = isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__")
    if array_like or isinstance(value, (int, float, complex, bool, str, bytes, list, tuple)):
        return _constant_converted(value, dtype, name, preferred_dtype)
    if value is None:
        raise ValueError("None values not supported.")
    raise TypeError(
        f"Failed to convert object of type {type(value)} to Tensor. Contents: {value}. Consider "
        "casting elements to a supported type."
    )


def _constant_converted(
    value: Any, dtype: DType | None, name: str | None, preferred: DType | None
) -> Tensor:
    if dtype is None and preferred is not None:
        try:
            return constant(value, preferred, name=name or "Const")
        except (TypeError, ValueError):
            pass
    return constant(value, dtype, name=name or "Const")


def _same_type(value: Tensor, dtype: DType | None) -> Tensor:
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype.base_dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
            f"{value.dtype.name}: {str(value)!r}"
        )
    return value


def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """Convert a value to a tensor.

    Parameters
    ----------
    value : object
        A tensor, a variable, an array, a number, a string, nested lists of them, or an object
        of a type given to `register_tensor_conversion_function`.
    dtype : DType, optional
        The type it must have.
    name : str, optional
        The name of the operation, if one is made.
    preferred_dtype : DType, optional
        The type to try first if `dtype` leaves the choice open.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        If the value cannot be converted, or not to `dtype`.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    preferred = None if preferred_dtype is None else as_dtype(preferred_dtype)
    return convert(value, wanted, name, preferred_dtype=preferred)


# ---- constants --------------------------------------------------------------------------


def _const_kernel(*, value: Any) -> Any:
    return value


define(
    "Const",
    "-> output: dtype",
    attrs={"value": Attr("tensor"), "dtype": Attr("type")},
    infer=lambda *, value: value.shape,
    kernel=_const_kernel,
    grad=NOT_DIFFERENTIABLE,
)


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """Make a tensor of a value known now.

    Parameters
    ----------
    value : scalar, (nested) list or numpy.ndarray
        The value.
    dtype : DType, optional
        Its type; Python floats are float32 and integers int32 by default.
    shape : sequence of int, optional
        Its shape; the last element fills what is missing.
    name : str
        The operation's name.
    verify_shape : bool
        Raise TypeError if the value's own shape is not `shape`.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        If the value does not fit the type or the shape, is ``None`` or is ragged.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    array = constant_array(value, wanted, shape, verify_shape)
    array.flags.writeable = False
    found = as_dtype(array.dtype)
    attrs: dict[str, Any] = {"value": array, "dtype": found}
    if shape is not None and array.size > 1 and (given := np.size(value)) < array.size:
        attrs["given"] = given  # a note for files: what follows repeats the last element
    graph = get_default_graph()
    op = graph.add_operation(
        REGISTRY["Const"], graph.operation_name(name), (), attrs, [(found, array.shape)]
    )
    return op.outputs[0]


def static_value(tensor: Tensor) -> tuple[Any, Shape]:
    """What the graph alone says of a tensor's value, and of a shape it holds.

    Only small tensors are worked out: this serves shape inference.

    Returns
    -------
    value : numpy.ndarray or None
        The value, if constants determine it.
    partial : tuple or None
        The entries of a vector that describes a shape, ``None`` where unknown.
    """
    op = tensor.op
    definition = op.definition
    if op.type == "Const":
        return op.attrs["value"], None
    if definition.stateful or definition.context or tensor.dtype.is_ref_dtype:
        return None, None
    if op.type == "PlaceholderWithDefault":  # a feed may replace its default
        return None, None
    partial = None
    if definition.partial is not None:
        partial = definition.partial(op)
        if partial is not None and None not in partial and tensor.dtype.base_dtype.is_integer:
            if tensor._spec.shape is not None and len(tensor._spec.shape) <= 1:
                shape = (len(partial),) if len(tensor._spec.shape) else ()
                value = np.array(partial, dtype=tensor.dtype.base_dtype.np_dtype)
                return value.reshape(shape), None
    size = specs.num_elements(tensor._spec.shape)
    if not op.inputs or size is None or size > _FOLDABLE:
        return None, partial
    values = []
    for t in op.inputs:
        count = specs.num_elements(t._spec.shape)
        value = None if count is None or count > _FOLDABLE else t._spec.value
        if value is None:
            return None, partial
        values.append(value)
    try:
        return definition.compute(values, op.attrs)[tensor.value_index], None
    except Exception:  # noqa: BLE001  # the run reports it, at the operation
        return None, partial


def _create_op(
    graph: Graph,
    op_type: str,
    inputs: tuple[Tensor, ...],
    dtypes: list[DType],
    name: str | None,
    attrs: dict[str, Any],
) -> Operation:
    definition = REGISTRY.get(op_type)
    if definition is None:
        raise TypeError(f"Op type not registered '{op_type}'")
    plain = {k: LATE["attr_value"](v) if hasattr(v, "WhichOneof") else v for k, v in attrs.items()}
    args = definition.group(inputs, definition.inputs, _counts(definition, inputs, plain))
    full = graph.operation_name(name or op_type)
    extra = {k: plain.pop(k) for k in list(plain) if k.startswith("_")}
    with graph.as_default():
        typed = definition._converted(graph, tuple(args), plain)
    op = definition._finish(graph, full, typed, plain | extra)
    found = [t.dtype for t in op.outputs]
    if dtypes and [d.base_dtype for d in found] != [d.base_dtype for d in dtypes]:
        raise TypeError(f"{op_type} computes {found}, not {dtypes}")
    return op


def _counts(definition: OpDef, inputs: Sequence[Tensor], attrs: dict[str, Any]) -> dict[str, Any]:
    """Attributes with the lengths of list inputs, if there is one list and they are not given."""
    lists = [a for a in definition.inputs if a.is_list]
    if len(lists) != 1:
        return attrs
    count = len(inputs) - (len(definition.inputs) - 1)
    key = str(lists[0].type if lists[0].many else lists[0].number)
    return attrs if key in attrs else {**attrs, key: [None] * count if lists[0].many else count}


LATE["static_value"] = static_value
LATE["create_op"] = _create_op
