"""The operations that a saver adds to the graph."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from skflow import proto
from skflow.graph.conversion import constant
from skflow.graph.device import DeviceSpec
from skflow.graph.functions import array as array_functions, order as order_functions
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import control_dependencies, device, name_scope
from skflow.train import saveables as kinds
from skflow.train.checkpoint_state import V1, V2
from skflow.train.saveables import saveables_of, wanted_shapes

_Groups = list[tuple[str, list[kinds.SaveableObject]]]


class BaseSaverBuilder:
    """Builds what a `Saver` runs; subclasses may build something else.

    Parameters
    ----------
    write_version : int
        ``SaverDef.V2``, or ``SaverDef.V1`` for the format before it.
    """

    SaveSpec = kinds.SaveSpec
    SaveableObject = kinds.SaveableObject
    VariableSaveable = kinds.VariableSaveable

    def __init__(self, write_version: int = V2) -> None:
        self._write_version = write_version

    def save_op(
        self, filename_tensor: Tensor, saveables: Sequence[kinds.SaveableObject]
    ) -> Operation:
        """Build the operation that saves.

        Parameters
        ----------
        filename_tensor : Tensor of string, shape ()
            The checkpoint's prefix.
        saveables : list of SaveableObject
            What to save.

        Returns
        -------
        Operation

        Raises
        ------
        RuntimeError
            If the format is none that is known.
        """
        specs = [spec for saveable in saveables for spec in saveable.specs]
        names = [spec.name for spec in specs]
        slices = [spec.slice_spec for spec in specs]
        tensors = [spec.tensor for spec in specs]
        if self._write_version == V1:
            return raw.SaveSlices(  # type: ignore[no-any-return]
                filename_tensor, names, slices, tensors, name="save"
            )
        if self._write_version == V2:
            return raw.SaveV2(  # type: ignore[no-any-return]
                filename_tensor, names, slices, tensors
            )
        raise RuntimeError(f"Unexpected write_version: {self._write_version}")

    def restore_op(
        self, filename_tensor: Tensor, saveable: kinds.SaveableObject, preferred_shard: int
    ) -> list[Tensor]:
        """Build the operations that read what was saved of one thing.

        Parameters
        ----------
        filename_tensor : Tensor of string, shape ()
            The checkpoint's prefix.
        saveable : SaveableObject
            What was saved.
        preferred_shard : int
            Of no meaning: files of all shards are read as needed.

        Returns
        -------
        list of Tensor
            One for each of its `specs`.
        """
        del preferred_shard
        return [
            raw.RestoreV2(
                filename_tensor,
                [spec.name],
                [spec.slice_spec],
                dtypes=[spec.tensor.dtype.base_dtype],
            )[0]
            for spec in saveable.specs
        ]

    def sharded_filename(self, filename_tensor: Tensor, shard: int, num_shards: Tensor) -> Tensor:
        """Build the name of one shard's file.

        Parameters
        ----------
        filename_tensor : Tensor of string, shape ()
            What all names begin with.
        shard : int
            The shard's number.
        num_shards : Tensor of int32, shape ()
            How many there are.

        Returns
        -------
        Tensor of string, shape ()
        """
        return raw.ShardedFilename(  # type: ignore[no-any-return]
            filename_tensor, shard, num_shards
        )

    def build(
        self,
        names_to_saveables: Any,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        filename: str = "model",
    ) -> proto.SaverDef:
        """Add the operations that save and restore to the graph.

        Parameters
        ----------
        names_to_saveables : list or dict
            What to save (see `Saver`).
        reshape : bool
            Reshape what is restored to the shapes that the variables have.
        sharded : bool
            Write what is on each device to a file of its own.
        max_to_keep, keep_checkpoint_every_n_hours : int, float
            Recorded in the result.
        name : str, optional
            The name scope of the operations, by default ``"save"``.
        restore_sequentially : bool
            Restore one thing after the other.
        filename : str
            The prefix that is used if none is fed.

        Returns
        -------
        SaverDef
            The names of the operations, and the options.
        """
        saveables = saveables_of(names_to_saveables)
        with name_scope(name, "save", [s.op for s in saveables]):
            prefix = constant(filename)
            if sharded:
                groups = _by_device(saveables)
                saved = self._sharded_save(prefix, groups)
                restored = self._sharded_restore(prefix, groups, restore_sequentially, reshape)
            else:
                saved = self._save(prefix, saveables)
                restored = self._restore(prefix, saveables, restore_sequentially, reshape)
        return proto.SaverDef(
            filename_tensor_name=prefix.name,
            save_tensor_name=saved.name,
            restore_op_name=restored.name,
            max_to_keep=max_to_keep or 0,
            sharded=sharded,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            version=self._write_version,
        )

    # ---- saving -----------------------------------------------------------------------

    def _save(self, prefix: Tensor, saveables: Sequence[kinds.SaveableObject]) -> Tensor:
        """The prefix, once everything has been saved."""
        saved = self.save_op(prefix, saveables)
        return order_functions.with_dependencies(  # type: ignore[no-any-return]
            [saved], prefix
        )

    def _sharded_save(self, prefix: Tensor, groups: _Groups) -> Tensor:
        later = self._write_version == V2
        start = prefix
        if later:
            # Each shard goes to a directory of its own name, from where they are merged.
            suffix = f"_temp_{uuid.uuid4().hex}/part"
            start = raw.StringJoin([prefix, suffix])
        count = constant(len(groups), name="num_shards")
        names, saved = [], []
        for shard, (place, saveables) in enumerate(groups):
            with device(place):
                names.append(self.sharded_filename(start, shard, count))
                saved.append(self._save(names[-1], saveables))
        with control_dependencies([t.op for t in saved]):
            if not later:
                return raw.ShardedFilespec(prefix, count)  # type: ignore[no-any-return]
            with device(groups[-1][0]):
                merged = raw.MergeV2Checkpoints(names, prefix, delete_old_dirs=True)
                with control_dependencies([merged]):
                    return array_functions.identity(prefix)

    # ---- restoring --------------------------------------------------------------------

    def _restore(
        self,
        prefix: Tensor,
        saveables: Sequence[kinds.SaveableObject],
        restore_sequentially: bool,
        reshape: bool,
        preferred_shard: int = -1,
        name: str = "restore_all",
    ) -> Operation:
        assigned: list[Any] = []
        for saveable in saveables:
            before = assigned[-1:] if restore_sequentially else []
            with device(_on_cpu(saveable.device)), control_dependencies(before):
                tensors = self.restore_op(prefix, saveable, preferred_shard)
                shapes = wanted_shapes(saveable) if reshape else None
                assigned.append(saveable.restore(tensors, shapes))
        return order_functions.group(*assigned, name=name)

    def _sharded_restore(
        self, prefix: Tensor, groups: _Groups, restore_sequentially: bool, reshape: bool
    ) -> Operation:
        shards = []
        for shard, (place, saveables) in enumerate(groups):
            with device(place):
                shards.append(
                    self._restore(
                        prefix, saveables, restore_sequentially, reshape, shard, "restore_shard"
                    )
                )
        return order_functions.group(*shards, name="restore_all")


def _on_cpu(place: str) -> str | None:
    """The processor of the machine that a device belongs to, on which files are read."""
    if not place:
        return None
    spec = DeviceSpec.from_string(place)
    spec.device_type, spec.device_index = "CPU", 0
    return spec.to_string()


def _by_device(saveables: Sequence[kinds.SaveableObject]) -> _Groups:
    groups: dict[str, list[kinds.SaveableObject]] = {}
    for saveable in saveables:
        places = {_canonical(spec.tensor.device) for spec in saveable.specs}
        if len(places) != 1:
            raise ValueError(
                "All tensors of a saveable object must be on the same device: " + saveable.name
            )
        groups.setdefault(places.pop(), []).append(saveable)
    return sorted(groups.items())


def _canonical(place: str) -> str:
    return DeviceSpec.from_string(place).to_string()
