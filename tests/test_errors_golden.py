"""A mistake gets TensorFlow 1.1.0's class of error and its sentence, and the user's own line."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.golden import error_programs
from tests.golden.error_programs import PROGRAMS

GOLDEN = Path(__file__).parent / "golden"
OBSERVED: dict[str, str] = json.loads((GOLDEN / "observed_errors.json").read_text(encoding="utf-8"))

# Where we mean to answer otherwise than TensorFlow 1.1.0, what we answer, and why.
DOCUMENTED_DIFFERENCES = {
    "feed float to int32": (
        "builtins.TypeError(Exception/BaseException): ",
        "TensorFlow truncates in silence",
    ),
    "closed session": (
        "builtins.RuntimeError(Exception/BaseException): Attempted to use a closed Session.",
        "TensorFlow lets a session that never ran be used after close()",
    ),
}
USER_LINE = re.compile(r'File "[^"]*", line \d+, in .*', re.DOTALL)


def describe(error: Exception) -> str:
    """An exception the way the golden file writes it."""
    kind = type(error)
    module = kind.__module__.replace("skflow.errors", "tf.errors")
    bases = "/".join(c.__name__ for c in kind.__mro__[1:3])
    message = getattr(error, "message", None) or (error.args[0] if error.args else str(error))
    return f"{module}.{kind.__name__}({bases}): {message}"


def outcome(title: str) -> str:
    """What a program returns or raises."""
    tf.reset_default_graph()
    try:
        with np.printoptions(legacy="1.21"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f"VALUE {PROGRAMS[title]()!r}"
    except Exception as error:  # noqa: BLE001
        return describe(error)


def comparable(text: str) -> str:
    """Up to the node; of a place in a file only that there is one."""
    return USER_LINE.sub("File ...", text.partition("[[Node:")[0]).rstrip()


@pytest.fixture(autouse=True)
def _no_session_left() -> Any:
    yield
    assert tf.get_default_session() is None
    tf.reset_default_graph()


def test_programs_and_answers_belong_together() -> None:
    assert PROGRAMS.keys() == OBSERVED.keys()
    assert DOCUMENTED_DIFFERENCES.keys() <= OBSERVED.keys()


@pytest.mark.parametrize("title", OBSERVED)
def test_answer(title: str) -> None:
    actual = comparable(outcome(title))
    if title in DOCUMENTED_DIFFERENCES:
        wanted, reason = DOCUMENTED_DIFFERENCES[title]
        assert reason
        assert actual.startswith(wanted)
        assert actual != comparable(OBSERVED[title])
    else:
        assert actual == comparable(OBSERVED[title])


def test_a_runtime_error_names_node_and_line() -> None:
    """The message ends with the node; the text adds where the user built it."""
    tf.reset_default_graph()
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        PROGRAMS["runtime add shapes"]()
    assert "[[Node: add = Add[T=DT_FLOAT" in caught.value.message
    assert caught.value.op.name == "add"
    assert caught.value.node_def.op == "Add"
    assert error_programs.__file__ in str(caught.value)


def test_a_second_variable_names_the_first_ones_line() -> None:
    assert error_programs.__file__ in outcome("get_variable twice")
