"""Importing does what TensorFlow 1.1.0 does, mistakes included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from tests.golden import import_programs as programs

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "imports.json").read_text(encoding="utf-8")
)

# Sentences that say more than TensorFlow's, or use the stored name: what is the same of them.
SAME = {
    "unknown operation": "No op named Frobnicate in defined operations.",
    "no value": "No attr named 'value' in name: ",
}


def test_the_golden_file_is_whole() -> None:
    assert GOLDEN["graphs"].keys() == {p.__name__ for p in programs.PROGRAMS}
    assert GOLDEN["mistakes"].keys() == programs.MISTAKES.keys()
    assert all(GOLDEN["mistakes"].values())


@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda p: p.__name__)
def test_imports(program: Any) -> None:
    """Names, numbers, inputs, devices and attributes of all that is added, and what is returned."""
    found = json.loads(json.dumps(programs.observe(tf, program)))
    assert found == GOLDEN["graphs"][program.__name__]


@pytest.mark.parametrize("title", programs.MISTAKES)
def test_mistakes(title: str) -> None:
    """The class of what is raised, and the sentence."""
    found, wanted = programs.mistake(tf, title), GOLDEN["mistakes"][title]
    assert found is not None
    if title in SAME:
        assert found[0] == wanted[0]
        assert found[1].startswith(SAME[title])
        assert wanted[1].startswith(SAME[title])
    else:
        assert found == wanted
