"""The place of a variable in a larger one that is saved as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.nodes import LATE


def strip_scope(name: str, scope: str | None) -> str:
    """A name without the name scope it begins with."""
    prefix = f"{scope.rstrip('/')}/" if scope else ""
    return name.removeprefix(prefix)


def prepend_scope(name: str, scope: str | None) -> str:
    """A name in a name scope."""
    return f"{scope.rstrip('/')}/{name}" if scope else name


class SliceInfo:
    """The place of a variable in a larger one that is saved as a whole.

    Parameters
    ----------
    full_name : str, optional
        The larger variable's name.
    full_shape : list of int, optional
        Its shape.
    var_offset : list of int, optional
        Where this one begins in it.
    var_shape : list of int, optional
        This one's shape.
    save_slice_info_def : SaveSliceInfoDef, optional
        A message with all of these instead.
    import_scope : str, optional
        A name scope to put before the name in the message.

    Raises
    ------
    ValueError
        If the message contradicts itself.
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: Sequence[int] | None = None,
        var_offset: Sequence[int] | None = None,
        var_shape: Sequence[int] | None = None,
        save_slice_info_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        given = save_slice_info_def
        if given is not None:
            full_name = prepend_scope(given.full_name, import_scope)
            full_shape, var_offset = given.full_shape, given.var_offset
            var_shape = given.var_shape
            if not len(full_shape) == len(var_offset) == len(var_shape):
                raise ValueError(f"The slice of {full_name!r} has axes that its shape has not")
        self.full_name = full_name or ""
        self.full_shape = list(full_shape or ())
        self.var_offset = list(var_offset or ())
        self.var_shape = list(var_shape or ())

    @property
    def spec(self) -> str:
        """The place in the notation of checkpoints: ``"4 3 0,2:0,3"``."""
        whole = "".join(f"{d} " for d in self.full_shape)
        parts = zip(self.var_offset, self.var_shape, strict=True)
        return whole + ":".join(f"{offset},{size}" for offset, size in parts)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return the place as a ``SaveSliceInfoDef`` message.

        Parameters
        ----------
        export_scope : str, optional
            A name scope to leave out of the name.

        Returns
        -------
        SaveSliceInfoDef or None
            ``None`` if the name is not in that scope.
        """
        if export_scope is not None and not self.full_name.startswith(export_scope):
            return None
        return LATE["message"](
            "SaveSliceInfoDef",
            full_name=strip_scope(self.full_name, export_scope),
            full_shape=self.full_shape,
            var_offset=self.var_offset,
            var_shape=self.var_shape,
        )
