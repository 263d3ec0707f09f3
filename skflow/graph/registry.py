"""An operation is declared in one place: its signature, shapes, kernel and gradient."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np

from skflow.graph.conversion import convert
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.declaration import FIXED_TYPES, Arg, Attr, as_attr, coerce, keywords, parse_args
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.lazy import LazyTable
from skflow.graph.nodes import LATE, Operation, Tensor
from skflow.graph.operations import HOMES
from skflow.graph.scopes import graph_of
from skflow.graph.shapes import Shape, broadcast, shape_brackets
from skflow.graph.spec import Spec, WatchedSpec
from skflow.graph.static import static_value

Kernel = Callable[..., Any]
REGISTRY: Final[LazyTable[OpDef]] = LazyTable(HOMES)


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
        together: Any = None,
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
        self.together = together
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
        self.inputs, self.outputs = parse_args(before), parse_args(after)
        self.attrs = {k: as_attr(v) for k, v in self._given_attrs.items()}
        self.kernel_attrs = keywords(self.kernel)
        self.infer_attrs = keywords(self._infer)
        self.simple = not any(a.is_list or a.ref for a in self.inputs)
        fields = [a.name for a in self.outputs]
        self.result = _record(self.type, fields) if len(fields) > 1 else None
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
        fixed = FIXED_TYPES.get(arg.type)
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
        if arg.type in FIXED_TYPES:
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
        wanted = FIXED_TYPES.get(arg.type) or attrs.get(arg.type)
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
        dtype = FIXED_TYPES.get(arg.type) or attrs.get(arg.type)
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
        fixed = FIXED_TYPES.get(arg.type)
        if found and fixed is not None and found[0].dtype.base_dtype is not fixed:
            raise self._list_error(arg, found, fixed)
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
        if dtype is None or arg.type not in FIXED_TYPES:
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
        refs = [t._op for a, t in zip(self.inputs, inputs, strict=False) if a.ref]
        if not refs:
            return graph.add_operation(self, name, inputs, attrs, outputs)
        saved = graph._colocation_stack, graph._device_stack
        graph._colocation_stack, graph._device_stack = [*saved[0], *refs], []
        try:
            return graph.add_operation(self, name, inputs, attrs, outputs)
        finally:
            graph._colocation_stack, graph._device_stack = saved

    def fill_attrs(self, attrs: dict[str, Any]) -> None:
        """Bring attributes to their kinds and add the defaults; TypeError if one is missing."""
        for key, attr in self.attrs.items():
            value = attrs.get(key, attr.default)
            if value is ...:
                raise TypeError(f"{self.type} requires the attribute {key!r}")
            attrs[key] = value if value is None else coerce(attr.kind, value)

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
            return broadcast(inputs[0].shape, inputs[1].shape)
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
        watched = [WatchedSpec(s) for s in inputs]
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
            fixed = FIXED_TYPES.get(arg.type)
            given = attrs[arg.type] if fixed is None else fixed
            if arg.many:
                types.extend(attrs[arg.type])
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


def _record(name: str, fields: list[str]) -> Any:
    """A named tuple type for an operation's outputs."""
    return namedtuple(name, fields)  # noqa: PYI024  # the fields are known when it is declared


def _flatten(values: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for v in values:
        flat.extend(_flatten(v) if isinstance(v, (list, tuple)) else [v])
    return flat


def _scope_name(graph: Graph, name: str) -> str:
    """The name of an operation whose name scope holds nothing else."""
    if name.endswith("/"):
        return graph.operation_name(name)
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
    together: Callable[..., list[Any] | None] | None = None,
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
    together : callable, optional
        ``together(*arguments) -> list or None``: the results of several operations at once, from
        the arguments of each one's kernel; ``None`` if the kernels shall be asked one by one, as
        where one of them would raise an error.

    Returns
    -------
    OpDef
        The declaration, which `raw` knows by name too.

    Raises
    ------
    ValueError
        If the type is declared already.
    """
    if REGISTRY.is_taken(type):
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
        together=together,
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


LATE["create_op"] = _create_op
LATE["static_value"] = static_value
LATE["Const"] = REGISTRY["Const"]
