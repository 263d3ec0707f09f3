"""Exceptions: names, codes, text and what they carry."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from skflow import errors
from skflow.proto import Code, NodeDef

CODES = {name: code for name, code in Code.items() if not name.startswith("DO_NOT_USE")}
CLASSES = [value for value in vars(errors).values() if inspect.isclass(value)]
SPECIFIC = [c for c in CLASSES if issubclass(c, errors.OpError) and c is not errors.OpError]


@dataclass
class FakeOp:
    """As much of an operation as an error looks at, and something that cannot be pickled."""

    name: str
    traceback: list[tuple[str, int, str, str | None]]
    _original_op: FakeOp | None = None
    graph: Callable[[], None] = lambda: None


def frame(number: int, text: str = "code") -> tuple[str, int, str, str]:
    return "model.py", number, "build", f"{text} {number}"


def test_codes_are_those_of_the_messages() -> None:
    assert len(CODES) == 17
    for name, code in CODES.items():
        assert getattr(errors, name) == code


def test_every_code_has_its_class() -> None:
    assert len(SPECIFIC) == 16
    for name, code in CODES.items():
        if name == "OK":
            continue
        class_ = errors.exception_type_from_error_code(code)
        words = name.title().replace("_", "")
        assert class_.__name__ == ("CancelledError" if name == "CANCELLED" else f"{words}Error")
        assert errors.error_code_from_exception_type(class_) == code
        assert class_(None, None, "m").error_code == code


def test_codes_and_classes_without_a_partner() -> None:
    for code in (errors.OK, 20, -1):
        with pytest.raises(KeyError):
            errors.exception_type_from_error_code(code)
    with pytest.raises(KeyError):
        errors.error_code_from_exception_type(errors.OpError)


@pytest.mark.parametrize("class_", SPECIFIC)
def test_class(class_: Any) -> None:
    assert class_.__mro__[1:3] == (errors.OpError, Exception)
    assert class_.__module__ == "skflow.errors"
    parameters = [
        p.replace(annotation=p.empty) for p in inspect.signature(class_).parameters.values()
    ]
    extra = ", error_code=2" if class_ is errors.UnknownError else ""
    assert str(inspect.Signature(parameters)) == f"(node_def, op, message{extra})"
    node, op = NodeDef(name="x"), FakeOp("x", [])
    error = class_(node, op, "wrong")
    assert error.node_def is node
    assert error.op is op
    assert error.message == "wrong"
    with pytest.raises(AttributeError):
        error.message = "other"


def test_base_class() -> None:
    error = errors.OpError(None, None, "wrong", 7)
    assert (error.node_def, error.op, error.message, error.error_code) == (None, None, "wrong", 7)
    assert errors.UnknownError(None, None, "m").error_code == errors.UNKNOWN
    assert errors.UnknownError(None, None, "m", 99).error_code == 99


def test_text_without_an_operation_is_the_message() -> None:
    error = errors.NotFoundError(None, None, "no file\nat all")
    assert str(error) == "no file\nat all"
    assert repr(error) == "NotFoundError('no file\\nat all')"


def test_text_says_where_the_operation_was_defined() -> None:
    op = FakeOp("deep/MatMul", [("a.py", 3, "<module>", "build()"), ("a.py", 1, "build", "x @ y")])
    assert str(errors.InvalidArgumentError(None, op, "bad shapes")) == (
        "bad shapes\n"
        "\n"
        "Caused by op 'deep/MatMul', defined at:\n"
        '  File "a.py", line 3, in <module>\n'
        "    build()\n"
        '  File "a.py", line 1, in build\n'
        "    x @ y\n"
        "\n"
        "InvalidArgumentError (see above for traceback): bad shapes\n"
    )


def test_source_lines_may_be_unknown() -> None:
    error = errors.AbortedError(None, FakeOp("x", [("<nowhere>", 3, "f", None)]), "m")
    assert 'defined at:\n  File "<nowhere>", line 3, in f\n\nAborted' in str(error)


def test_text_names_the_operation_that_another_was_made_for() -> None:
    original = FakeOp("MatMul", [frame(1), frame(2)])
    gradient = FakeOp("gradients/MatMul_grad/MatMul", [frame(1), frame(9)], original)
    text = str(errors.InternalError(None, gradient, "m"))
    places = [int(n) for n in re.findall(r"line (\d+)", text)]
    assert places == [1, 9, 1, 2]
    assert "\n\n...which was originally created as op 'MatMul', defined at:\n  File" in text


@pytest.mark.parametrize(
    ("inner", "outer", "shown"),
    [
        ("abcdX", "abcdY", "a..dX"),
        ("abcd", "abcd", "a..d"),
        ("abcdXY", "abcd", "a..dXY"),
        ("ab", "abcd", "ab"),
        ("Xabc", "Yabc", "Xa..c"),
        ("abcXabc", "abcYabc", "a..cXa..c"),
        ("XY", "ab", "XY"),
        ("a", "a", "a"),
    ],
)
def test_repeated_lines_are_elided(inner: str, outer: str, shown: str) -> None:
    def lines(letters: str) -> list[tuple[str, int, str, str | None]]:
        return [frame(ord(letter)) for letter in letters]

    original = FakeOp("inner", lines(inner))
    text = str(errors.UnknownError(None, FakeOp("outer", lines(outer), original), "m"))
    block = text.partition("op 'inner', defined at:\n")[2].partition("\n\nUnknownError")[0]
    block = re.sub(r"\[elided \d+ identical lines from previous traceback\]", "line 46", block)
    found = "".join(chr(int(n)) for n in re.findall(r"line (\d+)", block))
    assert found == shown.replace("..", ".")


def test_elided_lines_are_counted() -> None:
    frames = [frame(i) for i in range(10)]
    original = FakeOp("inner", [*frames, frame(20)])
    text = str(errors.UnknownError(None, FakeOp("outer", [*frames, frame(30)], original), "m"))
    assert "[elided 8 identical lines from previous traceback]\n" in text


@pytest.mark.parametrize("round_trip", [pickle.loads, copy.copy])
def test_errors_leave_their_process(round_trip: Any) -> None:
    original = FakeOp("MatMul", [frame(1)])
    op = FakeOp("gradients/MatMul", [frame(2)], original)
    error = errors.UnknownError(NodeDef(name="x"), op, "wrong", 42)
    error.add_note("a note")
    result = round_trip(pickle.dumps(error) if round_trip is pickle.loads else error)
    assert type(result) is errors.UnknownError
    assert str(result) == str(error)
    assert repr(result) == repr(error)
    assert (result.node_def, result.error_code) == (error.node_def, 42)
    assert (result.op.name, result.__notes__) == ("gradients/MatMul", ["a note"])
    assert pickle.loads(pickle.dumps(result)).op == result.op
    assert pickle.loads(pickle.dumps(errors.AbortedError(None, None, "m"))).op is None


class PickyError(errors.OpError):
    """A user's own subclass, whose constructor is unlike the others'."""

    def __init__(self, *, shape: tuple[int, ...]) -> None:
        super().__init__(None, None, f"bad shape {shape}", errors.INVALID_ARGUMENT)
        self.shape = shape


def test_subclasses_leave_their_process() -> None:
    result = pickle.loads(pickle.dumps(PickyError(shape=(2, 3))))
    assert (type(result), result.shape, str(result)) == (PickyError, (2, 3), "bad shape (2, 3)")


def test_traceback_shows_the_text() -> None:
    error = errors.DataLossError(None, FakeOp("Read", [frame(1)]), "cut short")
    shown = "".join(traceback.format_exception(error))
    assert shown.startswith("skflow.errors.DataLossError: cut short\n\nCaused by op 'Read'")


def end_with(code: int, message: str = "", error: Exception | None = None) -> errors.Status:
    """Run a block that records a code in its status, then perhaps raises."""
    with errors.raise_exception_on_not_ok_status() as status:
        status.code, status.message = code, message
        if error:
            raise error
    return status


def test_status_that_stays_ok() -> None:
    assert end_with(errors.OK).code == errors.OK


def test_status_that_fails() -> None:
    with pytest.raises(errors.DataLossError, match=r"^torn$") as caught:
        end_with(errors.DATA_LOSS, "torn")
    assert caught.value.error_code == errors.DATA_LOSS


@pytest.mark.filterwarnings("always:Unknown error code")
def test_status_with_an_unknown_code(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(errors.UnknownError) as caught:
        end_with(77)
    assert caught.value.error_code == 77
    warned = recwarn.pop(UserWarning)
    assert str(warned.message) == "Unknown error code: 77"
    assert warned.filename == __file__


def test_exceptions_pass_through_a_status_block() -> None:
    with pytest.raises(ZeroDivisionError):
        end_with(errors.ABORTED, error=ZeroDivisionError())


def test_everything_public_is_listed() -> None:
    names = {c.__name__ for c in SPECIFIC} | set(CODES) | {"OpError"}
    functions = {name for name in errors.__all__ if name.islower()}
    assert names | functions == set(errors.__all__)
    assert len(functions) == 3
