"""The file that says what was saved last: as TensorFlow 1.1.0 writes and reads it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import skflow as tf
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.train.checkpoint_state import remove_checkpoint
from tests.golden import state_programs
from tests.io.memory_files import MemorySystem

GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoint_states.json"
OBSERVED: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["generated", "written", "read"])
def test_it_equals_tensorflows(kind: str) -> None:
    cases = state_programs.CONTENTS if kind == "read" else state_programs.WRITTEN
    found = json.loads(json.dumps(state_programs.run(tf)))
    assert len(cases) == len(OBSERVED[kind])
    for case, ours, theirs in zip(cases, found[kind], OBSERVED[kind], strict=True):
        assert ours == theirs, case


names = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="/\0"), min_size=1, max_size=20
).filter(lambda name: name not in (".", ".."))


@given(names, st.lists(names, max_size=4), names)
def test_what_is_written_is_read(newest: str, kept: list[str], file: str) -> None:
    with using(Files(MemorySystem())):
        paths = [f"/d/{name}" for name in [*kept, newest]]
        tf.train.update_checkpoint_state("", paths[-1], paths, latest_filename=file)
        state = tf.train.get_checkpoint_state("", latest_filename=file)
        assert state is not None
        assert state.model_checkpoint_path == paths[-1]
        assert list(state.all_model_checkpoint_paths) == paths


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    *("model_checkpoint_path", "all_model_checkpoint_paths", ":", "{", "}", "<"),
                    *('"a"', "'b'", "[", "]", ",", ";", "#", "\n", '"\\', "1e9", "-inf", "x"),
                    *("all_model_checkpoint_timestamps", "last_preserved_timestamp", "\0", "é"),
                ]
            ),
            max_size=30,
        ).map(lambda parts: " ".join(parts).encode()),
    )
)
def test_garbage_is_ignored_with_a_warning(caplog: Any, content: bytes) -> None:
    """Nothing but what is documented is raised."""
    caplog.clear()
    system = MemorySystem()
    system.put("checkpoint", content)
    with using(Files(system)), caplog.at_level(logging.WARNING, "tensorflow"):
        try:
            state = tf.train.get_checkpoint_state("")
        except ValueError as error:
            assert "Invalid checkpoint state" in str(error)  # noqa: PT017
            return
        if state is None:
            assert caplog.records[-1].getMessage() == "checkpoint: Checkpoint ignored"
        else:
            assert state.model_checkpoint_path
    assert system.open_paths == []


def test_later_versions_write_more(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "m-2"\nall_model_checkpoint_paths: "m-2"\n'
        "all_model_checkpoint_timestamps: 1700000000.5\nlast_preserved_timestamp: 1.7e9\n"
    )
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state is not None
    assert state.model_checkpoint_path == str(tmp_path / "m-2")
    assert list(state.all_model_checkpoint_timestamps) == [1700000000.5]


def test_a_huge_file_is_not_read(tmp_path: Path, caplog: Any) -> None:
    with (tmp_path / "checkpoint").open("wb") as file:
        file.truncate(1 << 30)
    assert tf.train.get_checkpoint_state(str(tmp_path)) is None
    assert "more than" in caplog.text


def test_a_directory_in_its_place(tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "checkpoint").mkdir()
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert "Is a directory" in caplog.text


def test_nothing_there(tmp_path: Path, caplog: Any) -> None:
    assert tf.train.get_checkpoint_state(str(tmp_path)) is None
    assert tf.train.latest_checkpoint(str(tmp_path / "no")) is None
    assert not caplog.records


def test_its_own_name_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint state"):
        tf.train.update_checkpoint_state(str(tmp_path), path)
    with pytest.raises(tf.errors.NotFoundError, match="no/such"):
        tf.train.update_checkpoint_state("no/such", "m")
    assert not list(tmp_path.iterdir())


def test_the_callers_list_is_left_alone() -> None:
    """TensorFlow 1.1.0 appends to it."""
    paths = ["a/m-1"]
    tf.train.generate_checkpoint_state_proto("a", "a/m-2", paths)
    assert paths == ["a/m-1"]


def test_a_missing_path_is_added_with_a_word(caplog: Any) -> None:
    with caplog.at_level(logging.INFO, "tensorflow"):
        tf.train.generate_checkpoint_state_proto("/a", "/a/m", ["/a/n"])
    assert [r.getMessage() for r in caplog.records] == [
        "/a/m is not in all_model_checkpoint_paths. Manually adding it."
    ]


# ---- what exists ------------------------------------------------------------------------


def test_existence(tmp_path: Path, caplog: Any) -> None:
    """By the index, by a file of the older format, or by one of several such files."""
    for name in ("x.index", "y", "[z].index", "w-00000-of-00002", "w-00001-of-00002", "a?b.index"):
        (tmp_path / name).touch()
    wanted = {"x": True, "y": True, "[z]": True, "w-?????-of-00002": True, "a?b": True}
    wanted |= {"nope": False, "no/x": False, "y/x": False, "w-?????-of-00003": False, "z": False}
    found = {name: tf.train.checkpoint_exists(str(tmp_path / name)) for name in wanted}
    assert found == wanted
    with commit(str(tmp_path / "m")) as transaction:
        transaction.create(".index").write(b"")
    assert tf.train.checkpoint_exists(str(tmp_path / "m"))
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "nope"')
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert caplog.records[-1].getMessage() == (
        f"Couldn't match files for checkpoint {tmp_path}/nope"
    )


def test_times(tmp_path: Path) -> None:
    for i, name in enumerate(("x.index", "y", "x")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 1_500_000_000 + i / 4))
    paths = [str(tmp_path / name) for name in ("y", "nope", "x")]
    assert tf.train.get_checkpoint_mtimes(paths) == [1_500_000_000.25, 1_500_000_000.0]
    assert tf.train.get_checkpoint_mtimes([]) == []


# ---- removing ---------------------------------------------------------------------------


def test_only_a_checkpoints_own_files_are_removed(tmp_path: Path) -> None:
    mine = ["m.index", "m.graph", "m.data-00000-of-00002", "m.data-00001-of-00002"]
    others = ["m.meta", "m-1.index", "m.data", "m.data-1-of-2", "m.data-00000-of-00001.txt", "n"]
    for name in [*mine, *others]:
        (tmp_path / name).touch()
    remove_checkpoint(str(tmp_path / "m"), tf.train.SaverDef.V2, str(tmp_path / "m.graph"))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)
    remove_checkpoint(str(tmp_path / "n"), tf.train.SaverDef.V1, str(tmp_path / "n.meta"))
    assert not (tmp_path / "n").exists()


def test_an_unfinished_checkpoint_is_removed_too() -> None:
    """Its files may still have temporary names."""
    length = 0
    while True:
        system = MemorySystem()
        system.power_until = length
        done = False
        with using(Files(system)):
            try:
                with commit("m") as transaction:
                    for ending in (".index", ".data-00000-of-00001"):
                        transaction.create(ending).write(b"x")
                done = True
            except BaseException as error:  # noqa: BLE001
                assert type(error).__name__ == "PowerLoss"  # noqa: PT017
        after = system.after_kill()
        with using(Files(after)):
            known = tf.train.checkpoint_exists("m")
            remove_checkpoint("m", tf.train.SaverDef.V2, "m.meta")
            assert not tf.train.checkpoint_exists("m")
        if known:
            assert after.names("") == []
        if done:
            break
        length += 1
    assert length > 10
