"""Every Python block of the documentation runs, in order, without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
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
