"""Errors of the system become those that TensorFlow gives them."""

from __future__ import annotations

import errno

import pytest

from skflow import errors
from skflow.io.file_errors import from_os_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOENT, errors.NotFoundError),
        (errno.EEXIST, errors.AlreadyExistsError),
        (errno.EPERM, errors.PermissionDeniedError),
        (errno.ENOTDIR, errors.FailedPreconditionError),
        (errno.EDQUOT, errors.ResourceExhaustedError),
        (errno.ENAMETOOLONG, errors.InvalidArgumentError),
        (errno.EXDEV, errors.UnimplementedError),
        (errno.ESTALE, errors.AbortedError),
        (errno.EFBIG, errors.OutOfRangeError),
        (errno.EIO, errors.UnknownError),
    ],
)
def test_classes(code: int, kind: type[errors.OpError]) -> None:
    error = from_os_error(OSError(code, "text"), "some/path", "doing it")
    assert type(error) is kind
    assert error.message.startswith("some/path; ")
    assert error.message.endswith(" (doing it)")


def test_an_error_without_a_number() -> None:
    error = from_os_error(OSError("odd"), "path")
    assert type(error) is errors.UnknownError
    assert error.message == "path; odd"
