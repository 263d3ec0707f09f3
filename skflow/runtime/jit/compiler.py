"""A process that compiles kernels with Numba, apart from the one that runs them.

Compiling is a second of Python for every kernel. In a thread it would hold the interpreter's lock
for most of that time, and each step of a training would wait for it; in a process of its own it
takes nothing but a core. What comes back is object code, which needs no Numba to run.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any, BinaryIO

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba import cfunc, types

from skflow.runtime.jit import support
from skflow.runtime.jit.messages import read_message, write_message

_NICENESS = 5  # beside the training that waits for the result


def compiled(text: str, arguments: int) -> tuple[bytes, dict[str, str]]:
    """The object code of a region's text, and its functions' names in it.

    Parameters
    ----------
    text : str
        The module; see `skflow.runtime.jit.source`.
    arguments : int
        How many objects the function ``run`` takes.

    Returns
    -------
    bytes
        A relocatable object file for this machine.
    dict of str to str
        The names of ``run`` and, where there is one, ``help`` in the object file.
    """
    space: dict[str, Any] = {**vars(support), "math": math, "np": np}
    exec(compile(text, "<region>", "exec"), space)
    signatures = {"run": [types.int64] * (arguments + 2), "help": [types.int64]}
    names = {}
    module = None
    for name, takes in signatures.items():
        if name not in space or (name == "help" and "def help" not in text):
            continue
        made = cfunc(types.int64(*takes), nopython=True, error_model="numpy")(space[name])
        names[name] = made._wrapper_name
        part = llvm.parse_assembly(made.inspect_llvm())
        if module is None:
            module = part
        else:
            _link(module, part)
    assert module is not None
    return _machine().emit_object(module), names


def _link(module: Any, other: Any) -> None:
    """Add another module; what both have is that of the first one."""
    for function in other.functions:
        if not function.is_declaration and _known(module, function.name):
            function.linkage = "internal"
    module.link_in(other)


def _known(module: Any, name: str) -> bool:
    try:
        return not module.get_function(name).is_declaration
    except NameError:
        return False


def _machine() -> Any:
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
        codemodel="jitdefault",
    )


def versions() -> dict[str, str]:
    """What the code depends on besides its text."""
    return {
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "cpu": llvm.get_host_cpu_name(),
    }


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Compile what comes until nothing comes any more."""
    while (request := read_message(requests)) is not None:
        facts, body = request
        try:
            code, names = compiled(body.decode(), facts["arguments"])
            write_message(answers, {"names": names, **versions()}, code)
        except Exception as error:  # noqa: BLE001  # Numba raises what it likes
            write_message(answers, {"error": f"{type(error).__name__}: {error}"}, b"")


def main() -> None:
    """Serve the process that started this one."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get between the answers
    serve(sys.stdin.buffer, answers)
