"""Plans that have proved hot get their kernels, in the background."""

from __future__ import annotations

import atexit
import os
import platform
import sys
import threading
import weakref
from collections import deque
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from skflow.graph.lazy import LazyModule
from skflow.runtime.jit import cache, loader

if TYPE_CHECKING:
    from importlib import metadata

    from skflow.runtime.jit import child
else:
    metadata = LazyModule("importlib.metadata")
    child = LazyModule("skflow.runtime.jit.child")

_IDLE: Final = 5.0  # seconds that the compiling process waits for more
_MOST_KERNELS: Final = 256  # of a process: beyond them plans stay as they are
_MOST_DEATHS: Final = 3  # of compiling processes, until no other one is started
_PATIENCE: Final = 5.0  # seconds that the end of the interpreter waits for the thread
_SWITCH: Final = "SKFLOW_JIT"


class Plan(Protocol):
    """What is compiled: a plan as a session runs it."""

    def sources(self) -> Any:
        """The plan with kernels in the place of steps, whose texts are to be compiled."""

    def adopt(self, code: Any) -> None:
        """Run that from now on."""


def switched_off() -> bool:
    """Whether the environment forbids compiling in this process."""
    return os.environ.get(_SWITCH, "").lower() in ("off", "0", "no", "false")


class Compiling:
    """The plans to compile, and the thread that sees to them.

    The thread waits most of the time: for plans, and for the process that compiles.

    Attributes
    ----------
    failures : collections.deque of str
        Why the last plans that stayed as they were did so.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._plans: deque[weakref.ref[Plan]] = deque()
        self._warm: weakref.WeakSet[Any] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._child: child.Child | None = None
        self._kernels: dict[str, loader.Kernel | None] = {}
        self._facts: dict[str, str] | None = None
        self._busy = False
        self._over = False
        self._deaths = 0
        self._available: bool | None = None
        # Held while the thread has locks of others, which a forked process would find taken.
        self._steady = threading.Lock()
        self._forking = threading.local()
        self.failures: deque[str] = deque(maxlen=32)

    # ---- asked from outside -----------------------------------------------------------

    @property
    def available(self) -> bool:
        """Whether plans can be compiled here at all."""
        if self._available is None:
            self._available = not switched_off() and _installed() and child.possible()
        return self._available

    def note(self, plan: Plan) -> None:
        """Take note of a plan that has run some times; it may become hot."""
        with self._ready:
            self._warm.add(plan)

    def request(self, plan: Plan) -> None:
        """Compile a plan soon.

        Parameters
        ----------
        plan : Plan
            It is told when it can run its kernels.
        """
        if not self.available:
            return
        with self._ready:
            self._warm.discard(plan)
            if self._over or any(known() is plan for known in self._plans):
                return
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="skflow-compiling", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no more threads: the machine's limit, or the end of Python
                    self._available = False
                    return
                self._thread = thread
            self._plans.append(weakref.ref(plan))
            self._ready.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Compile all plans that have run some times; return when that is done.

        Parameters
        ----------
        timeout : float, optional
            Seconds after which to return anyway.

        Returns
        -------
        bool
            Whether all are done.
        """
        with self._ready:
            warm = list(self._warm)
        for plan in warm:
            self.request(plan)
        with self._ready:
            return self._ready.wait_for(lambda: not self._plans and not self._busy, timeout)

    def end(self) -> None:
        """Begin nothing new, and do not wait for what is being compiled."""
        with self._ready:
            self._over = True
            self._available = False
            self._plans.clear()
            if self._child is not None:
                self._child.kill()
            self._ready.notify_all()
        if self._thread is not None:  # which must not be inside of a library that is taken down
            self._thread.join(_PATIENCE)

    def hold(self) -> None:
        """Wait until the process can be forked, but not for ever."""
        self._forking.held = self._steady.acquire(timeout=1.0)

    def let_go(self) -> None:
        """Go on after a fork, in the parent."""
        if self._forking.held:
            self._steady.release()

    def forget(self) -> None:
        """Start afresh in a forked process, which has neither the thread nor the process."""
        kernels, process = self._kernels, self._child
        if process is not None:
            process.disown()
        self.__init__()  # type: ignore[misc]
        self._kernels = {text: k for text, k in kernels.items() if k is not None}

    # ---- the thread -------------------------------------------------------------------

    def _work(self) -> None:
        while not self._over:
            plan = self._next()
            try:
                if plan is not None and self.available:
                    self._compile(plan)
            except Exception as error:  # noqa: BLE001  # the plan's steps in NumPy go on
                self.failures.append(f"{type(error).__name__}: {error}")
            del plan
            with self._ready:
                self._busy = False
                self._ready.notify_all()
        self._dismiss()

    def _next(self) -> Plan | None:
        """The next plan; ``None`` if it is not there any more, or nothing is to come."""
        with self._ready:
            while not (self._plans or self._over):
                if not self._ready.wait(_IDLE if self._child is not None else None):
                    self._dismiss()
            if self._over:
                return None
            self._busy = True
            return self._plans.popleft()()

    def _dismiss(self) -> None:
        process, self._child = self._child, None
        if process is not None:
            process.end()

    def _compile(self, plan: Plan) -> None:
        with self._steady, np.errstate(all="ignore"):  # as in a run
            code = plan.sources()
        if code is None:
            return
        for text, arguments in code.sources:
            kernel = self._kernel(text, arguments)
            if kernel is None:
                return
            code.kernels.append(kernel)
        with self._steady:
            plan.adopt(code)

    def _kernel(self, text: str, arguments: int) -> loader.Kernel | None:
        """What a text becomes: known to this process, kept on disk, or made now."""
        if text not in self._kernels:
            if len(self._kernels) >= _MOST_KERNELS:
                return None
            self._kernels[text] = None  # should it fail, it is not tried again
            self._kernels[text] = self._found(text, arguments)
        return self._kernels[text]

    def _found(self, text: str, arguments: int) -> loader.Kernel:
        with self._steady:
            key = cache.key_of(text, self._circumstances())
            found = cache.read(key)
            process = None if found is not None else self._process()
        if found is None:
            assert process is not None
            try:
                found = process.compile(text, arguments)
            except child.EndedError:
                self._deaths += 1
                if self._deaths >= _MOST_DEATHS:
                    self._available = False
                self._dismiss()
                raise
            with self._steady:
                cache.write(key, *found)
        with self._steady:
            return loader.load(*found, arguments)

    def _process(self) -> child.Child:
        with self._ready:
            if self._over:
                raise child.EndedError("the interpreter ends")
            if self._child is None:
                self._child = child.Child()
            return self._child

    def _circumstances(self) -> dict[str, str]:
        if self._facts is None:
            names = ("support", "compiler", "linking")
            parts = [Path(__file__).with_name(f"{name}.py") for name in names]
            self._facts = {
                "support": sha256(b"".join([p.read_bytes() for p in parts])).hexdigest(),
                "numba": _version("numba"),
                "llvmlite": _version("llvmlite"),
                "python": f"{sys.implementation.cache_tag} {object.__basicsize__}",
                "machine": f"{platform.machine()} {sys.platform}",
                "processor": loader.processor(),
            }
        return self._facts


compiling: Final = Compiling()


def wait_until_compiled(timeout: float | None = None) -> bool:
    """Compile all plans that have run sixteen times or more, and return when they are.

    Without Numba, or with ``SKFLOW_JIT=off`` in the environment, there is nothing to wait for.

    Parameters
    ----------
    timeout : float, optional
        Seconds after which to return anyway.

    Returns
    -------
    bool
        Whether all that could be compiled has been.
    """
    return compiling.wait(timeout)


def _installed() -> bool:
    """Whether Numba is there; whether it can be imported is another matter."""
    try:
        return all(find_spec(name) is not None for name in ("numba", "llvmlite"))
    except (ImportError, ValueError):
        return False


def _version(name: str) -> str:
    """What tells one version of a package from others, without importing it.

    It is read from the file that these packages keep it in, since Python's own library for such
    questions takes as long to import as everything else that is done for a kernel.
    """
    found = find_spec(name)
    if found is not None and found.origin is not None:
        with suppress(OSError):
            content = Path(found.origin).with_name("_version.py").read_bytes()
            return sha256(content).hexdigest()
    return metadata.version(name)


atexit.register(compiling.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=compiling.hold, after_in_parent=compiling.let_go, after_in_child=compiling.forget
    )
