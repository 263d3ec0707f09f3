"""A process that compiles kernels with Numba, apart from the one that runs them.

Compiling is a second of Python for every kernel. In a thread it would hold the interpreter's lock
for most of that time, and each step of a training would wait for it; in a process of its own it
takes nothing but a core. What comes back is machine code, which needs no Numba to run.
"""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Final

import llvmlite.binding as llvm
import numpy as np
from numba import types

from skflow.runtime.jit import linking, mapping, support
from skflow.runtime.jit.messages import read_message, write_message

_NICENESS: Final = 5  # beside the training that waits for the result
_SYMBOLS: Final = {"run": "skflow_run", "help": "skflow_help"}  # names in object files


def compiled(text: str, arguments: int) -> tuple[bytes, dict[str, Any]]:
    """The machine code of a region's text, and what is to be known of it.

    Parameters
    ----------
    text : str
        The module; see `skflow.runtime.jit.source`.
    arguments : int
        How many objects the function ``run`` takes.

    Returns
    -------
    bytes
        A block of machine code that may lie anywhere; a relocatable object file where such a block
        cannot be used, or not be had.
    dict
        Of a block, ``"entries"`` and ``"imports"``: see `linking.linked`. Of an object file,
        ``"names"``: those of its functions ``run`` and, where there is one, ``help``.
    """
    module, names = _module(text, arguments)
    if mapping.possible():
        code = _machine(reloc="pic", codemodel="small").emit_object(module)
        with suppress(linking.UnknownObjectError):
            return linking.linked(code, names)
    return _machine(jit=True, codemodel="jitdefault").emit_object(module), {"names": names}


# ---- modules of LLVM's ------------------------------------------------------------------------


def _module(text: str, arguments: int) -> tuple[Any, dict[str, str]]:
    """The functions of a text with all that they call, and the names of those to be called."""
    space: dict[str, Any] = {**vars(support), "math": math, "np": np}
    exec(compile(text, "<region>", "exec"), space)
    signatures = {"run": [types.int64] * (arguments + 2)}
    if "def help" in text:
        signatures["help"] = [types.int64]
    whole = llvm.parse_assembly("")
    for name, takes in signatures.items():
        made = support.inline(space[name], types.int64(*takes))
        (found,) = made.overloads.values()
        part = llvm.parse_assembly(found.library.get_llvm_str())
        function = part.get_function(found.fndesc.llvm_func_name)
        part.link_in(llvm.parse_assembly(_entry(_SYMBOLS[name], function)))
        _link(whole, part)
    names = {name: _SYMBOLS[name] for name in signatures}
    _prune(whole, set(names.values()))
    return whole, names


def _entry(name: str, function: Any) -> str:
    """A function for callers in C, which calls one of Numba's.

    Those take two places besides, for the result and for an exception, and return whether there
    was one, which kernels never raise.
    """
    result, error, *kinds = [str(argument.type) for argument in function.arguments]
    taken = ", ".join([f"{kind} %a{i}" for i, kind in enumerate(kinds)])
    given = ", ".join([f"{result} %result", f"{error} %error", *([taken] if taken else [])])
    return f"""
        declare i32 @"{function.name}"({", ".join([result, error, *kinds])})
        define i64 @{name}({taken}) {{
            %result = alloca i64
            %error = alloca {error.removesuffix("*")}
            call i32 @"{function.name}"({given})
            %found = load i64, {result} %result
            ret i64 %found
        }}
    """


def _link(module: Any, other: Any) -> None:
    """Add another module; what both have is that of the first one."""
    for function in other.functions:
        if not function.is_declaration and _known(module, function.name):
            function.linkage = "linkonce_odr"
    module.link_in(other)


def _known(module: Any, name: str) -> bool:
    try:
        return not module.get_function(name).is_declaration
    except NameError:
        return False


def _prune(module: Any, entries: set[str]) -> None:
    """Drop the functions that have been inlined wherever they are called: half of the code."""
    for item in [*module.functions, *module.global_variables]:
        if not item.is_declaration and item.name not in entries:
            item.linkage = "internal"
    if hasattr(llvm, "create_new_module_pass_manager"):
        builder = llvm.create_pass_builder(_machine(), llvm.create_pipeline_tuning_options())
        passes = llvm.create_new_module_pass_manager()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(module, builder)
    else:  # until llvmlite 0.43
        passes = llvm.create_module_pass_manager()
        passes.add_global_dce_pass()
        passes.run(module)


def _machine(**options: Any) -> Any:
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        **options,
    )


# ---- the process ------------------------------------------------------------------------------


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Compile what comes until nothing comes any more."""
    while (request := read_message(requests)) is not None:
        facts, body = request
        try:
            code, found = compiled(body.decode(), facts["arguments"])
            write_message(answers, found, code)
        except Exception as error:  # noqa: BLE001  # Numba raises what it likes
            write_message(answers, {"error": f"{type(error).__name__}: {error}"}, b"")


def main() -> None:
    """Serve the process that started this one."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get between the answers
    serve(sys.stdin.buffer, answers)
