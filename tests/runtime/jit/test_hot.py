"""Kernels come in the background, or not at all, and nobody sees a difference in what is computed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit import cache, hot, mapping
from skflow.runtime.jit.hot import Compiling, compiling
from tests.tiers import TIERS

ROOT = Path(__file__).parents[3]
# A program that trains and says what came out. `ready` waits for kernels, if any are to come.
PROGRAM = """
import os, sys, time
sys.path.insert(0, {root!r})
import numpy as np
{first}
import skflow as tf
from skflow.runtime.jit.hot import compiling

sessions = []

def train(steps, ready=False):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [20, 3])
        w = tf.Variable(np.linspace(-1, 1, 6).reshape(3, 2).astype(np.float32))
        loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, w)) - 0.5))
        step = tf.train.AdamOptimizer(0.05).minimize(loss)
        start = tf.global_variables_initializer()
    options = tf.OptimizerOptions(global_jit_level={level})
    config = tf.ConfigProto(graph_options=tf.GraphOptions(optimizer_options=options))
    feeds = np.random.default_rng(0).standard_normal((steps, 20, 3)).astype(np.float32)
    session = tf.Session(graph=graph, config=config)
    sessions.append(session)
    session.run(start)
    for i in range(steps):
        session.run(step, {{x: feeds[i]}})
        if ready and i == 1:
            assert tf.wait_until_compiled(60.0)
    found = session.run(w).tobytes().hex()
    kinds = {{type(p._running).__name__ for p in session._state._plans}}
    return found, "FusedCode" in kinds

{body}
"""


def run(
    body: str,
    first: str = "",
    level: str = "tf.OptimizerOptions.ON_2",
    flags: tuple[str, ...] = (),
    **environment: str,
) -> str:
    """What a program prints; it may neither warn nor complain."""
    text = PROGRAM.format(
        root=str(ROOT), first=textwrap.dedent(first), body=textwrap.dedent(body), level=level
    )
    known = {k: v for k, v in os.environ.items() if k != "SKFLOW_JIT"} | environment
    done = subprocess.run(
        [sys.executable, "-W", "error", *flags, "-c", text],
        capture_output=True,
        text=True,
        env=known,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture(scope="module")
def expected() -> str:
    """What the first tier makes of the program."""
    return run("print(*train(12))", SKFLOW_JIT="off")


def test_kernels_change_nothing(expected: str) -> None:
    assert expected.endswith("False")
    found = run("print(*train(12, ready=True)); print(list(compiling.failures))")
    kind = str(compiling.available)
    assert found.splitlines() == [expected.replace("False", kind), "[]"]


WARM = """
print(*train(12, ready=True))
print(list(compiling.failures), compiling._child is None)
print([name for name in ("numba", "llvmlite") if name in sys.modules])
"""


def test_kept_kernels_need_no_compiler(expected: str, tmp_path: Path) -> None:
    """Neither Numba nor its linker is loaded where kernels are found on disk."""
    kind = str(compiling.available)
    for state in ("cold", "warm"):
        found = run(WARM, SKFLOW_CACHE_DIR=str(tmp_path)).splitlines()
        assert found[0] == expected.replace("False", kind)
        assert found[1].startswith("[] ")
        if mapping.possible():
            assert found[2] == "[]"
            assert state == "cold" or found[1] == "[] True"


BLOCKED = """
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise ImportError(f"no {name} here")
sys.meta_path.insert(0, Nothing())
"""
WITHOUT: dict[str, dict[str, Any]] = {
    "Numba cannot be imported": {"first": BLOCKED},
    "Numba is no module": {"first": "sys.modules['numba'] = None"},
    "switched off": {"SKFLOW_JIT": "off"},
    "level OFF": {"level": "tf.OptimizerOptions.OFF"},
    "no interpreter": {"first": "sys.executable = ''"},
    "an interpreter that fails": {
        "first": "sys.executable = '/bin/false'",
        "SKFLOW_CACHE_DIR": "/nonexistent/kernels",
    },
    "no threads": {
        "first": """
        import threading
        def start(self):
            raise RuntimeError("can't start new thread")
        threading.Thread.start = start
        """
    },
}


@pytest.mark.parametrize("why", WITHOUT)
def test_without_kernels(why: str, expected: str) -> None:
    assert run("print(*train(12, ready=True))", **WITHOUT[why]) == expected


def test_a_read_only_directory(expected: str, tmp_path: Path) -> None:
    check_directory("read-only", expected, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("state", ["others", "a file", "missing parent"])
def test_directories(state: str, expected: str, tmp_path: Path) -> None:
    check_directory(state, expected, tmp_path)


def check_directory(state: str, expected: str, tmp_path: Path) -> None:
    """Run with such a directory for kernels."""
    place = tmp_path / "kernels"
    if state == "a file":
        place.write_text("not a directory")
    elif state == "missing parent":
        place = tmp_path / "a" / "b" / "c"
    else:
        place.mkdir(mode=0o700)
        place.chmod(0o777 if state == "others" else 0o500)
    body = "print(*train(12, ready=True)); print(list(compiling.failures))"
    found = run(body, SKFLOW_CACHE_DIR=str(place))
    assert found.splitlines() == [expected.replace("False", str(compiling.available)), "[]"]
    kept = list(place.glob("*")) if place.is_dir() else []
    if state == "others" or (state == "read-only" and os.getuid()):
        assert kept == []
    if state == "missing parent" and compiling.available:
        assert [f.suffix for f in kept] == [".kernel"]


@pytest.mark.soak
def test_interrupted_compiling(expected: str) -> None:
    """The compiling process is killed; the next plan gets another one."""
    body = """
    import threading
    from skflow.runtime.jit import child
    compile = child.Child.compile
    def killed(self, *args):
        child.Child.compile = compile
        self._process.kill()
        return compile(self, *args)
    child.Child.compile = killed
    print(*train(12, ready=True))
    print(len(compiling.failures) <= 1)
    """
    found = run(body, SKFLOW_CACHE_DIR="/nonexistent/kernels")
    assert found.splitlines() == [expected, "True"]


def test_the_end_while_compiling(tmp_path: Path) -> None:
    """The interpreter ends at once, and leaves no process behind."""
    body = """
    train(5)
    process = None
    for _ in range(2000):
        process = getattr(compiling._child, "_process", None)
        if process is not None or not compiling.available:
            break
        time.sleep(0.005)
    print(0 if process is None else process.pid)
    """
    number = int(run(body, flags=("-X", "dev"), SKFLOW_CACHE_DIR=str(tmp_path)))
    assert bool(number) == compiling.available
    if number:
        with pytest.raises(ProcessLookupError):
            os.kill(number, signal.SIGCONT)


@pytest.mark.soak
def test_forks(expected: str) -> None:
    """Children forked before, while and after kernels are compiled train as their parent does."""
    body = """
    import multiprocessing, warnings
    warnings.simplefilter("ignore")  # Python's own, on forking beside threads
    def child(queue):
        warnings.simplefilter("error")
        queue.put(train(12, ready=True)[0])
    context = multiprocessing.get_context("fork")
    found = set()
    for i in range(3):
        if i == 1:
            train(5)  # something is being compiled now
        if i == 2:
            found.add(train(12, ready=True)[0])
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        found.add(queue.get(timeout=60))
        process.join(60)
        assert process.exitcode == 0
    print(*found, False)
    """
    assert run(body) == expected


# ---- the queue ------------------------------------------------------------------------------


class Code:
    """A plan's code for `FakePlan`."""

    def __init__(self, texts: list[str]) -> None:
        self.sources = [(text, 0) for text in texts]
        self.kernels: list[Any] = []


class FakePlan:
    """A plan that counts what is asked of it."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked = 0
        self.adopted: list[Any] = []

    def sources(self) -> Any:
        self.asked += 1
        return Code(self.texts)

    def adopt(self, code: Any) -> None:
        self.adopted.append(code)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A queue of its own, whose kernels are made at once."""
    made = Compiling()
    made._available = True
    monkeypatch.setattr(Compiling, "_found", lambda _self, text, _arguments: text.upper())
    yield made
    made.end()
    assert made._thread is None or not made._thread.is_alive()


def test_every_plan_is_asked_once(queue: Compiling) -> None:
    plan = FakePlan(["a", "b"])
    with queue._ready:  # the thread cannot come in between
        for _ in range(5):
            queue.request(plan)
    assert queue.wait(10.0)
    assert plan.asked == 1
    assert plan.adopted[0].kernels == ["A", "B"]


def test_warm_plans_are_compiled_when_somebody_waits(queue: Compiling) -> None:
    plan, gone = FakePlan(["a"]), FakePlan(["b"])
    queue.note(plan)
    queue.note(gone)
    del gone
    assert plan.asked == 0
    assert queue.wait(10.0)
    assert len(plan.adopted) == 1
    assert set(queue._kernels) == {"a"}


def test_plans_that_are_gone_are_not_compiled(queue: Compiling) -> None:
    plan = FakePlan(["a"])
    with queue._ready:
        queue.request(plan)
        del plan
    assert queue.wait(10.0)
    assert queue._kernels == {}


def test_the_number_of_kernels_is_bounded(
    queue: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot, "_MOST_KERNELS", 3)
    plans = [FakePlan([f"{i}"]) for i in range(5)]
    for plan in plans:
        queue.request(plan)
    assert queue.wait(10.0)
    assert [len(p.adopted) for p in plans] == [1, 1, 1, 0, 0]


def test_a_plan_that_fails_stays_as_it_is(
    queue: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: Compiling, text: str, _arguments: int) -> Any:
        if text == "bad":
            raise ValueError("no such thing")
        return text

    monkeypatch.setattr(Compiling, "_found", fails)
    bad, good, again = FakePlan(["bad"]), FakePlan(["good"]), FakePlan(["bad"])
    for plan in (bad, good, again):
        queue.request(plan)
    assert queue.wait(10.0)
    assert [len(p.adopted) for p in (bad, good, again)] == [0, 1, 0]
    assert list(queue.failures) == ["ValueError: no such thing"]


def test_nothing_begins_at_the_end(queue: Compiling) -> None:
    queue.end()
    plan = FakePlan(["a"])
    queue.request(plan)
    assert queue.wait(10.0)
    assert plan.asked == 0


def test_plans_of_closed_sessions_are_not_compiled() -> None:
    second = TIERS[1]
    with tf.Graph().as_default() as graph:
        y = tf.exp(tf.constant(np.ones(5, np.float32)) * tf.placeholder_with_default(2.0, [])) + 1.0
    session = second.session(graph)
    with compiling._ready:
        session.run(y)
        plans = list(session._state._plans)
        session.close()
    tf.wait_until_compiled()
    assert all(plan.sources() is None for plan in plans)
    assert not any(type(plan._running).__name__ == "FusedCode" for plan in plans)


def test_versions_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "some_compiler").mkdir()
    (tmp_path / "some_compiler" / "__init__.py").write_text("raise ImportError")
    with pytest.raises(metadata.PackageNotFoundError):
        hot._version("some_compiler")
    found = set()
    for version in ("1.0", "1.1", "1.0"):
        (tmp_path / "some_compiler" / "_version.py").write_text(f"version = {version!r}")
        found.add(hot._version("some_compiler"))
    assert len(found) == 2
    assert hot._version("numpy") == np.__version__


def test_where_kernels_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    assert cache.directory() == tmp_path
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.directory() == tmp_path / "skflow"
