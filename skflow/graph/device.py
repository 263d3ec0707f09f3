"""Device names: they are parsed, merged and recorded; everything runs on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_KINDS: Final[dict[str, Any]] = {"job": str, "replica": int, "task": int}


class DeviceSpec:
    """A possibly partial device name, such as ``/job:ps/task:1/device:CPU:0``.

    Parameters
    ----------
    job : str, optional
        The job's name.
    replica, task : int, optional
        Indices within the job.
    device_type : str, optional
        ``"CPU"`` or ``"GPU"``.
    device_index : int, optional
        Which device of that type.
    """

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self.job, self.replica, self.task = job, replica, task
        in_lower_case = device_type in ("cpu", "gpu")
        self.device_type = device_type.upper() if device_type and in_lower_case else device_type
        self.device_index = device_index

    def __setattr__(self, name: str, value: Any) -> None:
        kind = _KINDS.get(name)
        object.__setattr__(self, name, value if kind is None or value is None else kind(value))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Take over what a device name says.

        Parameters
        ----------
        spec : str
            A name such as ``/gpu:1`` or ``/job:worker/task:0/device:CPU:*``.

        Returns
        -------
        DeviceSpec
            This object.

        Raises
        ------
        ValueError
            If a part is not known, or two parts name a device type.
        """
        self.__init__()  # type: ignore[misc]
        for part in spec.split("/"):
            match part.split(":"):
                case ["", *_]:
                    continue
                case [("job" | "replica" | "task") as name, value]:
                    setattr(self, name, value)
                case [kind, *index] if kind.upper() in ("CPU", "GPU") and len(index) < 2:
                    self._set_type(spec, kind.upper(), index[0] if index else "*")
                case ["device", kind, index]:
                    self._set_type(spec, kind, index)
                case [name, *_]:
                    raise ValueError(f"Unknown attribute: '{name}' in '{spec}'")
        return self

    def _set_type(self, spec: str, kind: str, index: str) -> None:
        if self.device_type is not None:
            raise ValueError(f"Cannot specify multiple device types: {spec}")
        self.device_type = kind
        self.device_index = None if index == "*" else int(index)

    @staticmethod
    def from_string(spec: str) -> DeviceSpec:
        """Return the spec that a device name describes."""
        return DeviceSpec().parse_from_string(spec)

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over every part that `dev` gives."""
        for part in (*_KINDS, "device_type", "device_index"):
            if getattr(dev, part) is not None:
                setattr(self, part, getattr(dev, part))

    def to_string(self) -> str:
        """Return the device's name."""
        text = "" if self.job is None else f"/job:{self.job}"
        text += "" if self.replica is None else f"/replica:{self.replica}"
        text += "" if self.task is None else f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text


def to_device_string(device: Any) -> str:
    """The canonical name of a device given as a string, a `DeviceSpec` or ``None``."""
    if device is None:
        return ""
    given = device if isinstance(device, DeviceSpec) else DeviceSpec.from_string(device)
    return given.to_string()


def to_recorded(device: Any) -> str:
    """The name to record for what a device function returned: a name or a `DeviceSpec`."""
    if isinstance(device, DeviceSpec):
        return device.to_string()
    if not isinstance(device, str):
        raise TypeError(f"{device!r} has type {type(device).__name__}, but expected one of: str")
    return device


def merge_device(spec: Any) -> Callable[[Any], str]:
    """A device function that fills in what inner blocks left open.

    Parameters
    ----------
    spec : str or DeviceSpec
        The outer block's device.
    """
    outer = to_device_string(spec)

    def merged(op: Any) -> str:
        result = DeviceSpec.from_string(outer)
        result.merge_from(DeviceSpec.from_string(op.device))
        return result.to_string()

    return merged
