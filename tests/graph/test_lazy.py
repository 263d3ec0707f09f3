"""What is imported at first use is there when it is asked for, and not before."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import skflow as tf
from skflow.graph import lazy, nodes, operations, shapes
from skflow.graph.lazy import LazyModule, LazyTable, attach
from skflow.graph.registry import REGISTRY, define

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "skflow"


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def table_of(path: Path) -> dict[str, str] | None:
    """Home by name of what a module gives at first use; none if it has nothing of the kind."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("attach"):
            homes = ast.literal_eval(node.args[1])
            return {name: home for home, names in homes.items() for name in names.split()}
    return None


TABLES = {
    name_of(path): found
    for path in sorted(PACKAGE.rglob("*.py"))
    if (found := table_of(path)) is not None
}
each_module = pytest.mark.parametrize("module", TABLES)


def run(code: str) -> str:
    """What a program prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return done.stdout


# ---- names of modules -----------------------------------------------------------------------


def test_all_modules_are_seen() -> None:
    assert TABLES.keys() >= {"skflow", "skflow.nn", "skflow.train", "skflow.estimators"}


@each_module
def test_every_name_is_there(module: str) -> None:
    found = importlib.import_module(module)
    assert set(TABLES[module]) <= set(found.__all__) <= set(dir(found))
    for name in found.__all__:
        value = getattr(found, name)
        assert vars(found)[name] is value, "it is looked up once"


@each_module
def test_the_stub_says_the_same(module: str) -> None:
    """Type checkers read the file beside the module, so every name comes from the same home."""
    path = PACKAGE.parent / module.replace(".", "/")
    path = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    stub = {
        alias.asname or alias.name: (node.module or "").removeprefix("skflow").removeprefix(".")
        for node in body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    own = module.removeprefix("skflow").removeprefix(".")
    table = {name: home or own for name, home in TABLES[module].items()}
    eager = set(importlib.import_module(module).__all__) - table.keys()
    shown = {n: home for n, home in stub.items() if n not in eager and not n.startswith("_")}
    assert table == shown
    assert eager <= stub.keys() | {
        ast.unparse(node.target) for node in body if isinstance(node, ast.AnnAssign)
    }


@each_module
def test_no_name_is_a_submodules(module: str) -> None:
    """Importing a submodule would put it where the name is."""
    found = importlib.import_module(module)
    for name in found.__all__:
        path = Path(str(found.__file__)).parent / name
        beside = path.with_suffix(".py").exists() or path.is_dir()
        if hasattr(found, "__path__") and beside and TABLES[module].get(name) != "":
            assert not isinstance(vars(found)[name], ModuleType)
            assert name not in TABLES[module]


def test_star_imports_take_everything() -> None:
    code = "import skflow\nfrom skflow import *\nprint(set(skflow.__all__) <= set(globals()))"
    assert run(code) == "True\n"


def test_a_name_that_is_nowhere() -> None:
    with pytest.raises(AttributeError, match="^module 'skflow' has no attribute 'aded'") as caught:
        tf.aded  # noqa: B018
    assert caught.value.name == "aded"
    assert caught.value.obj is tf
    with pytest.raises(ImportError, match="cannot import name 'aded'"):
        from skflow import aded  # noqa: F401


def test_names_are_pickled_by_where_they_are_made() -> None:
    for found in (tf.add, tf.train.AdamOptimizer, tf.Session):
        assert pickle.loads(pickle.dumps(found)) is found


def test_what_a_module_has_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("skflow._test_of_names")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    getter, lister, names = attach(module.__name__, {"graph.shapes": "TensorShape"})
    module.__getattr__ = getter  # type: ignore[method-assign]
    assert names == ["TensorShape"]
    assert "TensorShape" in lister()
    assert module.TensorShape is shapes.TensorShape
    module.TensorShape = None  # type: ignore[attr-defined]
    assert module.TensorShape is None


THREADS = """
import sys, threading
sys.setswitchinterval(1e-6)
import skflow as tf
names = [n for n in tf.__all__]
wrong, gate = [], threading.Barrier(8)

def look(offset):
    gate.wait()
    for name in names[offset:] + names[:offset]:
        try:
            getattr(tf, name)
        except Exception as error:
            wrong.append((name, error))

threads = [threading.Thread(target=look, args=(40 * i,)) for i in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(wrong)
"""


def test_threads_may_ask_at_the_same_time() -> None:
    assert run(THREADS) == "[]\n"


def test_a_lazy_module_keeps_what_it_was_asked_for() -> None:
    module: Any = LazyModule("json")
    assert module.dumps is json.dumps
    assert vars(module)["dumps"] is json.dumps
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        module.nothing  # noqa: B018


# ---- tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", [nodes.LATE, shapes._PROTO, REGISTRY], ids=["late", "messages", "operations"]
)
def test_modules_make_the_entries_they_are_known_for(table: LazyTable[Any]) -> None:
    for name in table:
        assert table[name] is not None
    for home in set(table._homes.values()):
        assert f"skflow.{home}" in sys.modules


DECLARED = """
import importlib, pkgutil, sys
import skflow
from skflow.graph import registry
homes, declare = {}, registry.define

def define(type, *args, **kwargs):
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>":
        frame = frame.f_back
    homes.setdefault(frame.f_globals["__name__"].removeprefix("skflow."), []).append(type)
    return declare(type, *args, **kwargs)

registry.define = define
for name in list(sys.modules):
    if name.startswith("skflow.graph.ops."):
        del sys.modules[name]
registry.REGISTRY._made = {"Const": registry.REGISTRY["Const"]}
for room in ("graph", "io", "nn", "runtime", "summary", "train"):
    package = importlib.import_module(f"skflow.{room}")
    for found in pkgutil.walk_packages(package.__path__, f"skflow.{room}."):
        if "runtime.jit" not in found.name:  # needs Numba, and declares nothing
            importlib.import_module(found.name)
print({home: " ".join(sorted(types)) for home, types in homes.items()})
"""


def test_the_table_of_operations_is_what_modules_declare() -> None:
    assert ast.literal_eval(run(DECLARED)) == operations.HOMES


def test_no_operation_is_declared_before_its_module_is_imported() -> None:
    code = """
from skflow.graph.registry import REGISTRY, define
assert "Betainc" not in REGISTRY._made
try:
    define("Betainc", "x: T -> y: T", kernel=abs)
except ValueError as error:
    print(error)
"""
    assert run(code) == "The operation 'Betainc' is defined already\n"
    with pytest.raises(ValueError, match="'MatMul' is defined already"):
        define("MatMul", "x: T -> y: T", kernel=abs)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyTable[int]:
    """A table that a module beside it fills in, unless it is told to fail."""
    source = """
import json
from tests.graph import test_lazy
test_lazy.MADE["one"] = 1
if test_lazy.TROUBLE:
    raise test_lazy.TROUBLE.pop()
test_lazy.MADE["two"] = 2
"""
    (tmp_path / "late_entries.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazy, "_imported", importlib.import_module)
    monkeypatch.setattr(lazy, "ROOT", "nowhere")
    found: LazyTable[int] = LazyTable({"late_entries": "one two three"})
    module = sys.modules[__name__]
    monkeypatch.setitem(sys.modules, "tests.graph.test_lazy", module)
    monkeypatch.setitem(sys.modules, "late_entries", None)
    del sys.modules["late_entries"]
    monkeypatch.setattr(module, "MADE", found)
    monkeypatch.setattr(module, "TROUBLE", [])
    return found


MADE: Any = None
TROUBLE: list[BaseException] = []


def test_entries_are_made_when_one_is_asked_for(table: LazyTable[int]) -> None:
    assert list(table) == ["one", "two", "three"]
    assert len(table) == 3
    assert "two" in table
    assert "four" not in table
    assert "late_entries" not in sys.modules
    assert table.is_taken("two")
    assert not table.is_taken("four")
    assert table["two"] == 2
    assert "late_entries" in sys.modules
    assert table.get("four") is None
    with pytest.raises(KeyError, match="three"):
        table["three"]
    table["four"] = 4
    assert (len(table), [*table][-1], table.is_taken("four")) == (4, "four", True)
    del table["four"]
    assert "four" not in table


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ImportError("no such library")])
def test_an_interrupted_import_leaves_nothing(table: LazyTable[int], error: BaseException) -> None:
    TROUBLE.append(error)
    with pytest.raises(type(error)):
        table["two"]
    assert not table._made
    assert table["two"] == 2
    assert table["one"] == 1


# ---- what is left alone ---------------------------------------------------------------------

FIT = """
import sys
import numpy as np
from skflow.estimators import {kind}
X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
model = {kind}(batch_size=25, max_iter=2, tol=0.0).set_params(n_iter_no_change=np.inf)
import warnings
warnings.simplefilter("ignore")
model.fit(X, X[:, 0] > 0).predict(X)
print(*sys.modules)
"""

# Rooms and modules that a fit has no use for; a module stands for those inside it too.
UNUSED = [
    "google",
    "matplotlib",
    "rich",
    "tqdm",
    "numba",
    "sklearn.callback",
    "sklearn.neural_network",
    "skflow.contrib",
    "skflow.io.bundle_reader",
    "skflow.io.bundle_writer",
    "skflow.io.commit",
    "skflow.io.table_reader",
    "skflow.io.crc",
    "skflow.summary",
    "skflow.test",
    "skflow.timeline",
    "skflow.graph.drawing",
    "skflow.graph.partitioned",
    "skflow.graph.serialize",
    "skflow.graph.functions.control",
    "skflow.graph.functions.loops",
    "skflow.graph.functions.sparse",
    "skflow.graph.ops.control",
    "skflow.graph.functions.check",
    "skflow.graph.functions.contraction",
    "skflow.graph.functions.fft",
    "skflow.graph.functions.segment",
    "skflow.graph.functions.special",
    "skflow.graph.ops.decomposition",
    "skflow.graph.ops.fft",
    "skflow.graph.ops.later",
    "skflow.graph.ops.loops",
    "skflow.graph.ops.segment",
    "skflow.graph.ops.sparse",
    "skflow.graph.ops.special",
    "skflow.graph.ops.slicing",
    "skflow.nn.losses",
    "skflow.runtime.describe",
    "skflow.runtime.run_metadata",
    "skflow.runtime.tracing",
    "skflow.train.checkpoint_state",
    "skflow.train.hooks",
    "skflow.train.saver",
    "skflow.train.schedules",
    "skflow.train.optimizers.ftrl",
    "skflow.train.optimizers.adagrad",
    "skflow.estimators.checkpoints",
    "skflow.estimators.combined",
    "skflow.estimators.custom",
    "skflow.estimators.digests",
    "skflow.estimators.graph_display",
    "skflow.estimators.json_reader",
    "skflow.estimators.json_writer",
    "skflow.estimators.linear",
    "skflow.estimators.linear_search",
    "skflow.estimators.loading",
    "skflow.estimators.model_function",
    "skflow.estimators.runs",
    "skflow.estimators.saving",
    "skflow.estimators.search",
    "skflow.estimators.summaries",
]


@pytest.mark.parametrize("kind", ["DNNRegressor", "DNNClassifier"])
def test_a_fit_imports_what_it_needs(kind: str) -> None:
    loaded = set(run(FIT.format(kind=kind)).split())
    assert "skflow.train.optimizers.adam" in loaded
    known = {name_of(path) for path in PACKAGE.rglob("*.py")}
    for name in UNUSED:
        assert name in known or not name.startswith("skflow"), name
        inside = [m for m in loaded if m == name or m.startswith(f"{name}.")]
        assert not inside, inside
