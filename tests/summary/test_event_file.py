"""Event files are named and begun as TensorFlow's."""

from __future__ import annotations

import re
import socket
import time

import pytest

import skflow as tf
from skflow import errors
from skflow.io.files import Files, using
from skflow.summary import event_file
from skflow.summary.event_file import EventFile, first_event
from tests.io.memory_files import MemorySystem


def test_the_first_event() -> None:
    event = tf.Event.FromString(first_event(1795405763))
    assert event == tf.Event(wall_time=1795405763.0, file_version="brain.Event:2")
    # TensorFlow 1.1.0's bytes.
    assert first_event(1795436482) == (b"\t\x00\x00\x80\xf0\x0b\xc1\xdaA\x1a\rbrain.Event:2")


def test_names() -> None:
    system = MemorySystem()
    with using(Files(system)):
        before = int(time.time())
        files = [EventFile("") for _ in range(3)]
        for file in files:
            file.close()
            file.close()
    names = system.names("")
    pattern = re.compile(rf"events\.out\.tfevents\.(\d{{10}})\.{re.escape(socket.gethostname())}")
    seconds = [int(pattern.fullmatch(n)[1]) for n in names]  # type: ignore[index]
    assert [f.path for f in files] == names
    assert before <= seconds[0] <= before + 60
    assert seconds == list(range(seconds[0], seconds[0] + 3))


def test_no_name_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "_ATTEMPTS", 2)
    monkeypatch.setattr(time, "time", lambda: 1.5e9)
    with using(Files(MemorySystem())):
        for _ in range(2):
            EventFile("").close()
        with pytest.raises(errors.AlreadyExistsError, match="has 2 event files of this time"):
            EventFile("")
