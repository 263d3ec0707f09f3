"""What a session's `ConfigProto` says about threads and about compiling hot plans."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from skflow import errors, proto
from skflow.runtime.threads import pool

JIT_DEFAULT: Final = 0
JIT_OFF: Final = -1


class Options(NamedTuple):
    """What a session does as it was told.

    Parameters
    ----------
    threads : int
        How many threads may share one step, the caller's own included.
    branches : int
        How many steps that do not depend on each other may run at once.
    jit : int
        When the second tier compiles a plan: -1 never, 0 when it is hot, 1 or 2 at its first run.
    """

    threads: int
    branches: int
    jit: int


def read_options(config: Any) -> Options:
    """Read a session's options.

    Parameters
    ----------
    config : ConfigProto or None
        What the user gave.

    Returns
    -------
    Options
        Numbers of threads are between one and the number of cores.

    Raises
    ------
    TypeError
        If it is no `ConfigProto`.
    InvalidArgumentError
        If a number of threads is negative, at which TensorFlow 1.1.0 ends the process.
    """
    if config is None:
        return Options(pool.workers + 1, pool.workers + 1, JIT_DEFAULT)
    if not isinstance(config, proto.ConfigProto):
        raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
    return Options(
        _threads(config, "intra_op_parallelism_threads"),
        _threads(config, "inter_op_parallelism_threads"),
        config.graph_options.optimizer_options.global_jit_level,
    )


def _threads(config: Any, name: str) -> int:
    """One of the numbers of threads; zero stands for all cores."""
    number: int = getattr(config, name)
    if number < 0:
        raise errors.InvalidArgumentError(
            None, None, f"{name}: num_threads >= 1 ({number} vs. 1); 0 stands for all cores"
        )
    return min(number or pool.workers + 1, pool.workers + 1)
