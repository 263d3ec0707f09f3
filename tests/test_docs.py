"""Every Python block of the documentation runs, in order, without a warning."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import skflow
import skflow.estimators

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
API = [p for p in PAGES if p.parent.name == "api"]
RUN = [p for p in PAGES if p not in API]


def python_blocks(text: str) -> str:
    """Return the page's Python, each line where it stands on the page, all else blank.

    One script a page is one namespace a page, and a traceback names the page's own lines.
    """
    lines = []
    fence = ""
    python = False
    for line in text.splitlines():
        marker = line.lstrip()
        if not fence and marker.startswith("```"):
            fence = marker[: len(marker) - len(marker.lstrip("`"))]
            python = marker[len(fence) :].strip().split(" ")[0] == "python"
            lines.append("")
        elif fence and marker.rstrip() == fence:
            fence, python = "", False
            lines.append("")
        else:
            lines.append(line if python else "")
    if fence:
        raise ValueError(f"The page ends inside a block opened with {fence}.")
    return "\n".join(lines) + "\n"


def test_blocks_keep_their_lines() -> None:
    page = "# Title\n```python\na = 1\n```\n```text\nb\n```\n````python\nc = '''\n```'''\n````\n"
    expected = ["", "", "a = 1", "", "", "", "", "", "c = '''", "```'''", ""]
    assert python_blocks(page).splitlines() == expected


def test_an_open_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="ends inside a block"):
        python_blocks("```python\na = 1\n")


def test_the_readme_has_blocks() -> None:
    assert python_blocks(PAGES[0].read_text(encoding="utf-8")).strip()


def public_name(name: str) -> Any:
    """What a dotted name such as ``skflow.nn.relu`` stands for."""
    found: Any = sys.modules["skflow"]
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def documented() -> list[str]:
    pages = "\n".join(p.read_text(encoding="utf-8") for p in API)
    return re.findall(r"^\.\. auto(?:function|class|data):: ([\w.]+)$", pages, re.MULTILINE)


def test_the_api_pages_name_everything_once() -> None:
    names = documented()
    assert len(set(names)) == len(names)
    for name in names:
        assert public_name(name).__doc__, name
    golden = json.loads((ROOT / "tests/golden/public_names.json").read_text(encoding="utf-8"))
    functions = {n.replace("tf.", "skflow.", 1) for n, shown in golden.items() if "(" in shown}
    messages = {n for n in functions if n.rpartition(".")[2] in dir(skflow.proto)}
    estimators = {f"skflow.estimators.{name}" for name in skflow.estimators.__all__}
    assert (functions | estimators) - messages - set(names) == {"skflow.OpError"}


def test_the_api_pages_hold_no_code_that_would_not_run() -> None:
    assert not any(python_blocks(p.read_text(encoding="utf-8")).strip() for p in API)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_runs(page: Path, tmp_path: Path) -> None:
    script = tmp_path / page.with_suffix(".py").name
    script.write_text(python_blocks(page.read_text(encoding="utf-8")), encoding="utf-8")
    folder = tmp_path / "run"
    folder.mkdir()
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}, line by line as on the page:\n{done.stderr}"
