"""Messages to the user: format, levels and counts."""

from __future__ import annotations

import inspect
import logging as standard_logging
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from skflow import logging

LOGGER = standard_logging.getLogger("tensorflow")


@pytest.fixture(autouse=True)
def restored_verbosity() -> Iterator[None]:
    level = LOGGER.level
    LOGGER.setLevel(standard_logging.NOTSET)
    yield
    LOGGER.setLevel(level)


def run(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", *options, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, input="")


def test_as_a_program_sees_it() -> None:
    result = run(
        "from skflow import logging as log\n"
        "log.info('hidden'); log.warning('seen %d', 1); log.warn('old'); log.fatal('end')\n"
        "assert log.get_verbosity() == log.WARN\n"
        "log.set_verbosity(log.INFO); log.info('now')\n"
        "log.TaskLevelStatusMessage('status'); log.flush()\n"
        "import logging; assert logging.getLogger().handlers == []\n"
    )
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "WARNING:tensorflow:seen 1",
        "WARNING:tensorflow:old",
        "CRITICAL:tensorflow:end",
        "INFO:tensorflow:now",
        "ERROR:tensorflow:status",
    ]


def test_interactive_sessions_get_information_on_stdout() -> None:
    result = run("from skflow import logging as log; log.info('hello'); log.debug('no')", "-i")
    assert result.stdout == "INFO:tensorflow:hello\n"


def test_a_handler_of_anothers_is_not_doubled() -> None:
    result = run(
        "import logging\n"
        "logging.getLogger('tensorflow').addHandler(logging.StreamHandler())\n"
        "from skflow import logging as log; log.error('once')\n"
    )
    assert result.stderr == "once\n"


def test_redirected_stderr_is_followed(capsys: pytest.CaptureFixture[str]) -> None:
    logging.error("caught")
    assert capsys.readouterr().err == "ERROR:tensorflow:caught\n"


def test_records_name_the_callers_line(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(1):
        logging.error("a")
        logging.log(logging.ERROR, "b")
        logging.vlog(logging.ERROR, "c")
        logging.log_if(logging.ERROR, "d", True)
        logging.log_every_n(logging.ERROR, "e", 1)
        logging.log_first_n(logging.ERROR, "f", number + 1)
        logging.TaskLevelStatusMessage("g")
    assert [record.message for record in caplog.records] == list("abcdefg")
    assert {record.filename for record in caplog.records} == {"test_logging.py"}
    lines = [record.lineno for record in caplog.records]
    assert lines == list(range(lines[0], lines[0] + 7))


def test_verbosity() -> None:
    assert logging.get_verbosity() == standard_logging.getLogger().level
    logging.set_verbosity(logging.DEBUG)
    assert logging.get_verbosity() == logging.DEBUG == 10
    logging.set_verbosity("ERROR")
    assert logging.get_verbosity() == logging.ERROR == 40
    assert (logging.INFO, logging.WARN, logging.FATAL) == (20, 30, 50)


def test_counted_messages(caplog: pytest.LogCaptureFixture) -> None:
    for i in range(7):
        logging.log_first_n(logging.WARN, "first %d", 2, i)
        logging.log_every_n(logging.WARN, "every %d", 3, i)
    expected = ["first 0", "every 0", "first 1", "every 3", "every 6"]
    assert [record.message for record in caplog.records] == expected


def test_lines_are_counted_apart(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        logging.log_first_n(logging.WARN, "one", 1)
        logging.log_first_n(logging.WARN, "two", 1)
    assert [record.message for record in caplog.records] == ["one", "two"]


def test_counts_hold_across_threads(caplog: pytest.LogCaptureFixture) -> None:
    def log(_: int) -> None:
        logging.log_first_n(logging.WARN, "many", 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(200)))
    assert len(caplog.records) == 10


def test_condition_and_format(caplog: pytest.LogCaptureFixture) -> None:
    logging.log_if(logging.WARN, "%s and %s", True, 1, 2)
    logging.log_if(logging.WARN, "never", False)
    logging.vlog(logging.WARN, "%d%%", 5, extra={"note": "n"})
    assert [record.message for record in caplog.records] == ["1 and 2", "5%"]


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("debug", "(msg, *args, **kwargs)"),
        ("log", "(level, msg, *args, **kwargs)"),
        ("log_every_n", "(level, msg, n, *args)"),
        ("log_first_n", "(level, msg, n, *args)"),
        ("log_if", "(level, msg, condition, *args)"),
        ("vlog", "(level, msg, *args, **kwargs)"),
        ("warn", "(msg, *args, **kwargs)"),
        ("flush", "()"),
        ("TaskLevelStatusMessage", "(msg)"),
    ],
)
def test_signatures_are_tensorflows(name: str, signature: str) -> None:
    found = inspect.signature(getattr(logging, name))
    bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    assert str(inspect.Signature(bare)) == signature
