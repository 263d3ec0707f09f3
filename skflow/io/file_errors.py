"""TensorFlow's classes for what the operating system says of files."""

from __future__ import annotations

import errno
import os
from typing import Any, Final

from skflow import errors

# The names are looked up because not every system has every one of them.
_NAMES: Final = {
    errors.INVALID_ARGUMENT: "EINVAL ENAMETOOLONG E2BIG EDESTADDRREQ EDOM EFAULT EILSEQ ELOOP",
    errors.DEADLINE_EXCEEDED: "ETIMEDOUT ETIME",
    errors.NOT_FOUND: "ENODEV ENOENT ENXIO ESRCH",
    errors.ALREADY_EXISTS: "EEXIST EADDRNOTAVAIL EALREADY",
    errors.PERMISSION_DENIED: "EPERM EACCES EROFS",
    errors.FAILED_PRECONDITION: "ENOTEMPTY EISDIR ENOTDIR EBADF EBUSY ECHILD EPIPE ETXTBSY",
    errors.RESOURCE_EXHAUSTED: "ENOSPC EDQUOT EMFILE EMLINK ENFILE ENOBUFS ENODATA ENOMEM",
    errors.OUT_OF_RANGE: "EFBIG EOVERFLOW ERANGE",
    errors.UNIMPLEMENTED: "ENOSYS ENOTSUP EOPNOTSUPP EXDEV",
    errors.UNAVAILABLE: "EAGAIN EINTR ENOLCK",
    errors.ABORTED: "EDEADLK ESTALE",
    errors.CANCELLED: "ECANCELED",
}
_CODES: Final = {
    getattr(errno, name): code
    for code, names in _NAMES.items()
    for name in names.split()
    if hasattr(errno, name)
}


def from_os_error(error: OSError, path: str, doing: str = "") -> errors.OpError:
    """Return the error of TensorFlow's that an error of the system is.

    Parameters
    ----------
    error : OSError
        What the system raised.
    path : str
        The file it was about.
    doing : str, optional
        What was being done, if the path alone does not tell.

    Returns
    -------
    OpError
        Of the class TensorFlow 1.1.0 gives such an error (core/platform/posix/error.cc), with
        the same text: the path and the system's sentence.
    """
    number = error.errno or 0
    class_: Any = errors.exception_type_from_error_code(_CODES.get(number, errors.UNKNOWN))
    sentence = os.strerror(number) if number else str(error)
    message = f"{path}; {sentence}" + (f" ({doing})" if doing else "")
    made: errors.OpError = class_(None, None, message)
    return made
