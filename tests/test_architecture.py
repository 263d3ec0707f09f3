"""Imports go one way, and every module keeps to the house's few rules of form."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skflow"

# The modules and packages of skflow.graph in order: each may import from those before it.
GRAPH_ORDER = (
    "lazy",
    "operations",
    "signature",
    "device",
    "stacks",
    "dtypes",
    "shapes",
    "spec",
    "literals",
    "summation",
    "philox_blocks",
    "philox",
    "nodes",
    "core",
    "scopes",
    "collections",
    "context",
    "declaration",
    "conversion",
    "static",
    "registry",
    "sparse_types",
    "nest",
    "body",
    "ops",
    "functions",
    "initializers",
    "slice_info",
    "variables",
    "partitioned",
    "variable_store",
    "variable_scope",
    "variable_sets",
    "gradients",
    "reads_first",
    "serialize",
    "drawing",
)

# Each room and the rooms that its modules may import from, beside their own. A room is a package
# or a module; a module belongs to the longest name here that it starts with.
BELOW = ("errors", "compat", "logging", "versions")
GRAPH = (*BELOW, *(f"graph.{name}" for name in GRAPH_ORDER), "graph")
FILES = ("errors", "proto", "io")
ENGINE = (
    *GRAPH,
    *FILES,
    "runtime",
    "runtime.jit",
    "nn",
    "summary",
    "timeline",
    "train",
    "contrib",
    "test",
)
ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": (),
    "compat": (),
    "logging": (),
    "versions": (),
    "proto": (),
    "timeline": ("proto",),
    "io": ("errors", "proto"),
    **{name: GRAPH[:place] for place, name in enumerate(GRAPH) if name.startswith("graph")},
    "runtime": (*GRAPH, "proto", "runtime.jit"),
    "runtime.jit": (*GRAPH, "io", "runtime"),
    "nn": GRAPH,
    "summary": (*GRAPH, "io", "proto", "runtime", "runtime.jit"),
    "train": (*GRAPH, "io", "proto", "runtime", "summary"),
    "contrib": (*GRAPH, "train"),
    "test": (*GRAPH, "proto", "runtime"),
    "": ENGINE,
    "estimators": (*ENGINE, ""),
}
ALLOWED["graph.reads_first"] += ("proto",)
ALLOWED["graph.serialize"] += ("proto",)

# These are rooms of one file each: what lies beside them needs a row of its own.
BARE = ("", "graph")

# Rooms whose modules stand beside one another without importing each other; what they share lies
# in modules that start with an underscore.
SEALED = ("graph.ops",)

# Packages that only some rooms may import; SciPy costs more than all of `import skflow`.
RESERVED = {"sklearn": ("estimators",), "tensorflow": ()}
LAZY = ("scipy",)

# What lets modules import others at first use.
LAZY_ROOM = "skflow.graph.lazy"

LONG_FILE, LONGEST_FILE = 500, 1000


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and where the import stands."""

    target: str
    line: int
    inside_function: bool
    for_types_only: bool


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    inner = module.removeprefix("skflow").removeprefix(".")
    rooms = [
        room
        for room in ALLOWED
        if inner == room or (room not in BARE and inner.startswith(room + "."))
    ]
    return max(rooms, key=len) if rooms else inner


def targets(node: ast.Import | ast.ImportFrom, module: str) -> list[str]:
    """Return the full names of the modules that `node`, standing in `module`, imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        is_package = MODULES[module].name == "__init__.py"
        parents = module.split(".")[: None if is_package else -1]
        parents = parents[: len(parents) - (node.level - 1)]
        base = ".".join([*parents, *filter(None, [base])])
    found = {f"{base}.{alias.name}" for alias in node.names}
    return sorted({name if name in MODULES else base for name in found})


class Collector(ast.NodeVisitor):
    """Collect a module's imports, with what stands around each."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.imports: list[Import] = []
        self.lazy: list[Import] = []
        self.functions = 0
        self.type_blocks = 0

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for target in targets(node, self.module):
            self.imports.append(Import(target, *self._place(node)))

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.functions += 1
        self.generic_visit(node)
        self.functions -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        guarded = ast.unparse(node.test).endswith("TYPE_CHECKING")
        self.type_blocks += guarded
        self.generic_visit(node)
        self.type_blocks -= guarded

    def visit_Call(self, node: ast.Call) -> None:
        """What is imported at first use counts like any other import."""
        name = ast.unparse(node.func).rpartition(".")[2]
        if name == "LazyModule" and self.module != LAZY_ROOM:
            self.lazy.append(Import(ast.literal_eval(node.args[0]), *self._place(node)))
        elif name == "attach":
            for home, names in ast.literal_eval(node.args[1]).items():
                found = (
                    [f"skflow.{home}"] if home else [f"{self.module}.{n}" for n in names.split()]
                )
                self.lazy.extend(Import(target, *self._place(node)) for target in found)
        self.generic_visit(node)

    def _place(self, node: ast.AST) -> tuple[int, bool, bool]:
        return node.lineno, self.functions > 0, self.type_blocks > 0  # type: ignore[attr-defined]


def collected(module: str) -> Collector:
    collector = Collector(module)
    collector.visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return collector


def imports_of(module: str) -> list[Import]:
    collector = collected(module)
    return collector.imports + collector.lazy


def is_ours(target: str) -> bool:
    return target == "skflow" or target.startswith("skflow.")


def is_allowed(module: str, target: str) -> bool:
    room, other = room_of(module), room_of(target)
    if room != other:
        return other in ALLOWED[room]
    if room in SEALED:
        shared = target.rpartition(".")[2].startswith("_")
        return shared or MODULES[module].name == "__init__.py"
    return True


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    assert room_of(module) in ALLOWED, f"{module} has no row in the table of allowed imports"
    wrong = [
        f"{MODULES[module].relative_to(ROOT)}:{found.line} imports {found.target}"
        for found in imports_of(module)
        if is_ours(found.target) and not is_allowed(module, found.target)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", MODULES)
def test_no_import_of_ours_inside_a_function(module: str) -> None:
    wrong = [f for f in imports_of(module) if is_ours(f.target) and f.inside_function]
    assert not wrong


@pytest.mark.parametrize("module", MODULES)
def test_packages_are_imported_where_they_may(module: str) -> None:
    for found in imports_of(module):
        package = found.target.split(".")[0]
        if package in RESERVED:
            assert room_of(module) in RESERVED[package], f"line {found.line}: {found.target}"
        if package in LAZY and room_of(module) != "estimators":
            late = found.inside_function or found.for_types_only
            assert late or found in collected(module).lazy, f"line {found.line}: {package}"


@pytest.mark.parametrize("module", MODULES)
def test_modules_imported_at_first_use_have_types(module: str) -> None:
    collector = collected(module)
    typed = {found.target for found in collector.imports if found.for_types_only}
    for found in collector.lazy:
        if is_ours(found.target):
            assert found.target in MODULES, f"line {found.line}: {found.target}"
        if is_ours(found.target) and not MODULES[module].with_suffix(".pyi").exists():
            assert found.target in typed, f"line {found.line}: {found.target} for types"


@pytest.mark.parametrize("module", MODULES)
def test_module_opens_with_one_sentence(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    if tree.body:
        opening = (ast.get_docstring(tree) or "").split("\n\n")[0]
        assert opening.endswith("."), "the module's docstring has to open with a sentence"
        assert len(opening) <= 200


def test_files_are_mostly_short() -> None:
    lengths = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()
    }
    long = {name: length for name, length in lengths.items() if length > LONG_FILE}
    assert len(long) <= max(1, len(lengths) // 10), f"too many long files: {long}"
    assert max(long.values(), default=0) <= LONGEST_FILE, f"a file is too long: {long}"


def test_the_rules_see_what_they_forbid() -> None:
    """A relative import, one inside a function and one for types, from a file of the package."""
    source = (
        "from ..graph import spec\n"
        "def f():\n    from skflow.graph.spec import DType\n"
        "if TYPE_CHECKING:\n    import scipy.linalg\n"
    )
    collector = Collector("skflow.graph.spec")
    collector.visit(ast.parse(source))
    assert collector.imports == [
        Import("skflow.graph.spec", 1, inside_function=False, for_types_only=False),
        Import("skflow.graph.spec", 3, inside_function=True, for_types_only=False),
        Import("scipy.linalg", 5, inside_function=False, for_types_only=True),
    ]
    assert not is_allowed("skflow.graph.spec", "skflow.graph.core")
    assert not is_allowed("skflow.graph.core", "skflow.runtime.session")
    assert is_allowed("skflow.runtime.session", "skflow.graph.core")
    assert room_of("skflow.graph.ops.math") == "graph.ops"
    assert not is_allowed("skflow.graph.spec", "skflow")
