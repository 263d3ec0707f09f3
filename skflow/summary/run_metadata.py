"""Reports of traced runs for TensorBoard, which knows devices by the names of later versions."""

from __future__ import annotations

import re
from typing import Final

from skflow import proto

_OLD_NAME: Final = re.compile(r"/(cpu|gpu):(\d+)$")


def with_later_devices(run_metadata: proto.RunMetadata) -> proto.RunMetadata:
    """Name devices as TensorFlow does since 1.3: without that TensorBoard shows no times.

    Parameters
    ----------
    run_metadata : RunMetadata
        What `Session.run` has filled, with devices such as ``/task:0/cpu:0``.

    Returns
    -------
    RunMetadata
        A copy with ``/task:0/device:CPU:0``, or the message itself if there is nothing to change.
    """
    names = [device.device for device in run_metadata.step_stats.dev_stats]
    later = [_OLD_NAME.sub(_later, name) for name in names]
    if later == names:
        return run_metadata
    found = proto.RunMetadata()
    found.CopyFrom(run_metadata)
    for device, name in zip(found.step_stats.dev_stats, later, strict=True):
        device.device = name
    return found


def _later(match: re.Match[str]) -> str:
    return f"/device:{match[1].upper()}:{match[2]}"
