"""The pictures of the documentation: each is shown somewhere, and none is large."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FORMATS = {".png", ".svg"}


def shown() -> set[Path]:
    """The files that the pages show."""
    found = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        found |= {
            (page.parent / name).resolve() for name in re.findall(r"!\[[^]]*\]\((.+?)\)", text)
        }
    return found


def test_every_picture_is_shown_and_every_one_shown_is_there() -> None:
    assert shown() == {path for path in IMAGES.iterdir() if path.suffix in FORMATS}


@pytest.mark.parametrize("image", sorted(IMAGES.glob("*.*")), ids=lambda path: path.name)
def test_none_is_large(image: Path) -> None:
    assert image.stat().st_size < 150_000
