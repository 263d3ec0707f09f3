"""The process that compiles: started when there is work, ended when there is none for a while."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from skflow.runtime.jit.messages import read_message, write_message

_CODE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from skflow.runtime.jit import compiler; compiler.main()"
)


class CompilerError(RuntimeError):
    """A region could not be compiled."""


class EndedError(CompilerError):
    """The compiling process has ended without an answer."""


class Child:
    """A process of `skflow.runtime.jit.compiler`."""

    def __init__(self) -> None:
        environment = {**os.environ, "SKFLOW_JIT": "off", "NUMBA_DISABLE_JIT": "0"}
        paths = json.dumps([p or str(Path.cwd()) for p in sys.path])
        # Streams without buffers have no locks, so that they can be closed in a forked process;
        # and what is typed to interrupt a program is nothing to a session of its own.
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _CODE, paths],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def compile(self, text: str, arguments: int) -> tuple[bytes, dict[str, Any]]:
        """Have a region compiled.

        Parameters
        ----------
        text : str
            The region.
        arguments : int
            How many objects its function takes.

        Returns
        -------
        tuple of bytes and dict
            Machine code, and what is to be known of it: see `compiler.compiled`.

        Raises
        ------
        CompilerError
            If the process could not; `EndedError` if there is no such process any more.
        """
        requests: Any = self._process.stdin
        answers: Any = self._process.stdout
        try:
            write_message(requests, {"arguments": arguments}, text.encode())
            answer = read_message(answers)
        except OSError as error:
            raise EndedError(str(error)) from error
        if answer is None:
            raise EndedError("the compiling process has ended")
        facts, code = answer
        if "error" in facts:
            raise CompilerError(facts["error"])
        return code, facts

    def kill(self) -> None:
        """Have the process end; who waits for an answer is told."""
        self._process.kill()

    def end(self) -> None:
        """End the process, for which nobody else may wait at the time."""
        self.kill()
        self._close()
        self._process.wait()

    def disown(self) -> None:
        """Let go of the process, in a fork of the one that started it."""
        self._process.returncode = 0  # as far as this one is concerned
        self._close()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()


def possible() -> bool:
    """Whether this process can start such a one: an interpreter that is not part of a program."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)
