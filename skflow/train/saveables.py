"""What a saver saves: the tensors behind each name, and how each is restored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from skflow.graph.conversion import convert
from skflow.graph.functions import array as array_functions, state as state_functions
from skflow.graph.nodes import Tensor
from skflow.graph.partitioned import PartitionedVariable
from skflow.graph.shapes import is_full
from skflow.graph.variables import Variable

_VARIABLE_OPS: Final = ("Variable", "VariableV2", "AutoReloadVariable")


class SaveSpec:
    """A tensor, or a slice of a larger one, and the name it is saved under.

    Parameters
    ----------
    tensor : Tensor or Variable
        What to save.
    slice_spec : str
        Its place in a larger tensor, as ``"4 3 0,2:0,3"``; empty if it is a whole one.
    name : str
        The name of the whole.
    """

    def __init__(self, tensor: Any, slice_spec: str, name: str) -> None:
        self.tensor = tensor
        self.slice_spec = slice_spec
        self.name = name


class SaveableObject:
    """Something that is saved as one or more tensors and restored from them.

    Parameters
    ----------
    op : object
        What is saved; the same thing is saved once only.
    specs : list of SaveSpec
        Its tensors, all on one device.
    name : str
        The name it goes by in messages.
    """

    def __init__(self, op: Any, specs: Sequence[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = specs
        self.name = name
        self.device = specs[0].tensor.device

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        """Build what restores the thing.

        Parameters
        ----------
        restored_tensors : list of Tensor
            What a checkpoint holds, one for each of `specs`.
        restored_shapes : list, optional
            The shapes that they are to have.

        Returns
        -------
        Operation or Tensor
            What to run.

        Raises
        ------
        ValueError
            If the class does not say how.
        """
        del restored_tensors, restored_shapes
        raise ValueError(f"{type(self).__name__} does not say how it is restored.")


class VariableSaveable(SaveableObject):
    """A variable, or a slice of one, as something to save.

    Parameters
    ----------
    var : Variable or Tensor
        The variable or its reference.
    slice_spec : str
        Its place in a larger variable; empty if it is a whole one.
    name : str
        The name of the whole.
    """

    def __init__(self, var: Any, slice_spec: str, name: str) -> None:
        super().__init__(var, [SaveSpec(var, slice_spec, name)], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        """Build the assignment of the restored value, reshaped if a shape is given."""
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = array_functions.reshape(value, restored_shapes[0])
        fixed = restored_shapes is None and self.op.get_shape().is_fully_defined()
        return state_functions.assign(self.op, value, validate_shape=fixed)


def wanted_shapes(saveable: SaveableObject) -> list[Any]:
    """The shapes that a thing's tensors have now: tensors where the graph does not tell."""
    shapes: list[Any] = []
    for spec in saveable.specs:
        shape = spec.tensor.get_shape()
        known = is_full(tuple(shape.as_list()) if shape.ndims is not None else None)
        shapes.append(shape.as_list() if known else array_functions.shape(spec.tensor))
    return shapes


def saveables_of(var_list: Any) -> list[SaveableObject]:
    """What a saver is to save, sorted by name.

    Parameters
    ----------
    var_list : list, tuple, set or dict
        Variables, their references, slices of one variable, `PartitionedVariable` or
        `SaveableObject` objects; in a dict by the names to save them under.

    Returns
    -------
    list of SaveableObject

    Raises
    ------
    TypeError
        If something is no variable.
    ValueError
        If two things have one name, one has two, or slices do not belong together.
    """
    named = var_list if isinstance(var_list, dict) else _by_name(var_list)
    for name in named:
        if not isinstance(name, str):
            raise TypeError(
                "names_to_saveables must be a dict mapping string names to checkpointable "
                f"operations. Name is not a string: {name}"
            )
    found = [s for name in sorted(named) for s in _saveables(name, named)]
    seen: set[Any] = set()
    for saveable in found:
        if saveable.op in seen:
            raise ValueError(f"The same saveable will be restored with two names: {saveable.name}")
        seen.add(saveable.op)
    return found


def _by_name(items: Any) -> dict[str, Any]:
    """Variables by their own names; slices of one variable in a list."""
    if not isinstance(items, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list: {items}")
    named: dict[str, Any] = {}
    for item in dict.fromkeys(items):
        place = getattr(item, "_save_slice_info", None)
        if isinstance(item, Variable) and place is not None:
            slices = named.setdefault(place.full_name, [])
            if not isinstance(slices, list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {item.name}")
            slices.append(item)
            continue
        name, saved = _name_of(item)
        if name in named:
            raise ValueError(f"At least two variables have the same name: {name}")
        named[name] = saved
    return named


def _name_of(item: Any) -> tuple[str, Any]:
    if isinstance(item, (SaveableObject, PartitionedVariable)):
        return item.name, item
    tensor = convert(item, as_ref=True)
    if tensor.op.type not in _VARIABLE_OPS:
        raise TypeError(f"Variable to save is not a Variable: {tensor}")
    return tensor.op.name, tensor


def _saveables(name: str, named: Mapping[str, Any]) -> list[SaveableObject]:
    item = named[name]
    if isinstance(item, SaveableObject):
        return [item]
    if isinstance(item, (list, tuple, PartitionedVariable)):
        return _slices(name, item)
    tensor = convert(item, as_ref=True)
    if tensor.op.type not in _VARIABLE_OPS:
        raise TypeError(
            "names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a "
            f"variable: {tensor}"
        )
    return [VariableSaveable(tensor, "", name)]


def _slices(name: str, variables: Iterable[Any]) -> list[SaveableObject]:
    whole: str | None = None
    found: list[SaveableObject] = []
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ValueError(  # noqa: TRY004  # TensorFlow's class
                f"Slices must all be Variables: {variable}"
            )
        place = variable._get_save_slice_info()
        if place is None:
            raise ValueError(f"Slices must all be slices: {variable}")
        if whole is not None and whole != place.full_name:
            raise ValueError(
                f"Slices must all be from the same tensor: {whole} != {place.full_name}"
            )
        whole = place.full_name
        found.append(VariableSaveable(variable, place.spec, name))
    return found
