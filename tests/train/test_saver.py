"""Savers write what TensorFlow 1.1.0 writes, keep what it keeps, and bring values back."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as npst

import skflow as tf
from tests.golden import checkpoint_programs

GOLDEN = Path(__file__).parents[1] / "golden"
OBSERVED: dict[str, Any] = json.loads(
    gzip.decompress((GOLDEN / "checkpoints.json.gz").read_bytes())
)

TYPES = (
    *("float32", "float64", "float16", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "complex64", "complex128", "bool"),
)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def started() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# ---- against TensorFlow -----------------------------------------------------------------


@pytest.mark.parametrize("name", checkpoint_programs.PROGRAMS)
def test_files_equal_tensorflows(name: str, tmp_path: Path) -> None:
    found = checkpoint_programs.run(tf, checkpoint_programs.PROGRAMS[name], str(tmp_path))
    found = json.loads(json.dumps(found))
    assert found["result"] == OBSERVED[name]["result"]
    assert found["files"] == OBSERVED[name]["files"]


def test_every_program_was_observed() -> None:
    assert OBSERVED.keys() == checkpoint_programs.PROGRAMS.keys()


def test_adam_goes_on_where_tensorflow_left_it() -> None:
    """From the files alone: graph, slots, every type, and the step that comes next."""
    path = GOLDEN / "tf_checkpoint" / "model.ckpt-5"
    expected = np.load(GOLDEN / "tf_checkpoint" / "expected.npz")
    saver = tf.train.import_meta_graph(f"{path}.meta")
    feed = {"X:0": expected["feed_X"], "y:0": expected["feed_y"]}
    with tf.Session() as session:
        saver.restore(session, str(path))
        for variable in tf.global_variables():
            key = variable.op.name.replace("/", "__")
            if key in expected:
                np.testing.assert_array_equal(session.run(variable), expected[key])
        text = tf.get_default_graph().get_tensor_by_name("extra/str:0")
        assert session.run(text).tolist() == [b"ab", b"", b"\xff"]
        assert session.run("loss/mse:0", feed) == expected["mse_after"]
        session.run("adam", feed)
        assert session.run("loss/mse:0", feed) < expected["mse_after"]
        assert session.run("global_step:0") == 6


def test_a_network_goes_on_with_tensorflows_losses() -> None:
    """Embedding, dropout, split, clipping and sparse momentum, from the files alone."""
    path = GOLDEN / "tf_checkpoint_net" / "model.ckpt-7"
    expected = np.load(GOLDEN / "tf_checkpoint_net" / "expected.npz")
    saver = tf.train.import_meta_graph(f"{path}.meta")
    feed = {f"{k.removeprefix('feed_')}:0": expected[k] for k in expected if k[:5] == "feed_"}
    with tf.Session() as session:
        saver.restore(session, str(path))
        np.testing.assert_allclose(
            session.run("out/logits:0", feed), expected["logits_at_save"], rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(session.run("loss:0", feed), expected["loss_at_save"], rtol=1e-6)
        losses = []
        for _ in range(5):
            session.run("train", feed)
            losses.append(session.run("loss:0", feed))
    np.testing.assert_allclose(losses, expected["losses_after"], rtol=2e-6)


# ---- round trips ------------------------------------------------------------------------


@st.composite
def values(draw: Any) -> Any:
    """An array of any type and shape, special values included."""
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    if draw(st.integers(0, 5)) == 0:
        flat = draw(st.lists(st.binary(max_size=40), min_size=0, max_size=6))
        made = np.empty(len(flat), dtype=object)
        made[:] = flat
        return made
    return draw(npst.arrays(draw(st.sampled_from(TYPES)), shape))


def assert_same_bits(found: Any, wanted: Any) -> None:
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    same = found.tolist() == wanted.tolist() if found.dtype == object else None
    assert same or found.tobytes() == wanted.tobytes()


def variable_of(value: Any, name: str) -> Any:
    dtype = tf.string if value.dtype == object else tf.as_dtype(value.dtype)
    start = np.full(value.shape, b"?") if dtype is tf.string else np.zeros_like(value)
    return tf.Variable(tf.constant(start, dtype, value.shape), name=name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values(), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_values_come_back(
    tmp_path: Path, arrays: list[Any], sharded: bool, initialized: bool
) -> None:
    with tf.Graph().as_default():
        variables = [variable_of(a, f"v{i}") for i, a in enumerate(arrays)]
        saver = tf.train.Saver(sharded=sharded)
        with tf.Session() as session:
            for variable, array in zip(variables, arrays, strict=True):
                variable.load(array, session)
            path = saver.save(session, str(tmp_path / "m"), write_meta_graph=False)
        with tf.Session() as session:
            if initialized:
                session.run(tf.global_variables_initializer())
            saver.restore(session, path)
            for variable, array in zip(variables, arrays, strict=True):
                assert_same_bits(session.run(variable), array)


def test_large_variables_come_back_in_place(tmp_path: Path) -> None:
    """Beyond what is read as a whole: one that an optimizer laid beside others, and one alone."""
    rng = np.random.default_rng(0)
    first = rng.standard_normal((700, 600)).astype("f")
    w = tf.Variable(first, name="w")
    b = tf.Variable(np.zeros(600, "f"), name="b")
    alone = tf.Variable(np.arange(300_000.0), name="alone")
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w) + tf.reduce_sum(b - 1.0))
    saver = tf.train.Saver()
    with started() as session:
        session.run(train)
        path = saver.save(session, str(tmp_path / "m"))
        saved = session.run(tf.global_variables())
        session.run([train, tf.assign(alone, alone + 1.0)])
        after = session.run(w)
        saver.restore(session, path)
        for found, wanted in zip(session.run(tf.global_variables()), saved, strict=True):
            np.testing.assert_array_equal(found, wanted)
        session.run(train)
        np.testing.assert_array_equal(session.run(w), after)
    with tf.Session() as session:
        saver.restore(session, path)
        session.run(train)
        np.testing.assert_array_equal(session.run(w), after)


def test_slices_are_cut_anew(tmp_path: Path) -> None:
    """A variable saved in three slices comes back in two, or whole."""
    whole = np.arange(28, dtype="f").reshape(7, 4)

    def parts(count: int, axis: int = 0) -> Any:
        return tf.fixed_size_partitioner(count, axis=axis)

    with tf.Graph().as_default(), tf.variable_scope("p", partitioner=parts(3)):
        table = tf.get_variable("t", [7, 4], initializer=tf.zeros_initializer())
        with tf.Session() as session:
            for part, rows in zip(table, np.split(whole, [3, 5]), strict=True):
                part.load(rows, session)
            path = tf.train.Saver([table]).save(session, str(tmp_path / "m"))
    for partitioner in (parts(2), parts(4, axis=1)):
        with tf.Graph().as_default(), tf.variable_scope("p", partitioner=partitioner):
            table = tf.get_variable("t", [7, 4], initializer=tf.zeros_initializer())
            with tf.Session() as session:
                tf.train.Saver([table]).restore(session, path)
                np.testing.assert_array_equal(session.run(table.as_tensor()), whole)
    with tf.Graph().as_default():
        t = tf.Variable(np.zeros((7, 4), "f"))
        with tf.Session() as session:
            tf.train.Saver({"p/t": t}).restore(session, path)
            np.testing.assert_array_equal(session.run(t), whole)


def test_reshaping(tmp_path: Path) -> None:
    v = tf.Variable(np.arange(6.0), name="v")
    with started() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    with tf.Graph().as_default():
        v = tf.Variable(np.zeros((2, 3)), name="v")
        saver = tf.train.Saver(reshape=True)
        with tf.Session() as session:
            saver.restore(session, path)
            assert session.run(v).tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_a_variable_of_any_shape(tmp_path: Path) -> None:
    v = tf.Variable(tf.placeholder(tf.float32), validate_shape=False, name="v")
    saver = tf.train.Saver()
    large = np.ones((600, 700), "f")
    with tf.Session() as session:
        v.load(large, session)
        path = saver.save(session, str(tmp_path / "m"))
        v.load(np.float32([1, 2]), session)
        saver.restore(session, path)
        np.testing.assert_array_equal(session.run(v), large)


def test_restoring_one_after_the_other(tmp_path: Path) -> None:
    for name in "bac":
        tf.Variable(ord(name), name=name)
    saver = tf.train.Saver(restore_sequentially=True)
    with started() as session:
        path = saver.save(session, str(tmp_path / "m"))
    with tf.Session() as session:
        saver.restore(session, path)
        assert session.run(["a:0", "b:0", "c:0"]) == [97, 98, 99]


def test_restore_says_so(tmp_path: Path, caplog: Any) -> None:
    tf.Variable(1.0)
    saver = tf.train.Saver()
    with started() as session, caplog.at_level(logging.INFO, "tensorflow"):
        path = saver.save(session, str(tmp_path / "m"))
        saver.restore(session, path)
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]
    assert said == [f"Restoring parameters from {path}"]


def test_names_may_be_paths(tmp_path: Path) -> None:
    v = tf.Variable(3.0)
    saver = tf.train.Saver()
    with started() as session:
        assert saver.save(session, tmp_path / "m", global_step=1) == str(tmp_path / "m-1")
    with tf.Session() as session:
        saver.restore(session, tmp_path / "m-1")
        assert session.run(v) == 3.0


def test_the_operations_may_be_run_without_the_saver(tmp_path: Path) -> None:
    v = tf.Variable(np.full((600, 700), 2.0, "f"))
    tf.train.Saver()
    feed = {"save/Const:0": str(tmp_path / "m")}
    with started() as session:
        assert session.run("save/control_dependency:0", feed) == str(tmp_path / "m").encode()
        session.run(v.assign(v * 0.0))
        session.run("save/restore_all", feed)
        assert session.run(v).min() == 2.0
        assert session.run("save/RestoreV2:0", feed).min() == 2.0
    assert names_in(tmp_path) == ["m.data-00000-of-00001", "m.index"]


# ---- mistakes ---------------------------------------------------------------------------


def test_a_missing_variable(tmp_path: Path) -> None:
    tf.Variable(1.0, name="a")
    with started() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    with tf.Graph().as_default():
        a, b = tf.Variable(5.0, name="a"), tf.Variable(6.0, name="b")
        with started() as session:
            with pytest.raises(tf.errors.NotFoundError) as caught:
                tf.train.Saver([a, b]).restore(session, path)
            assert session.run([a, b]) == [5.0, 6.0]  # nothing is restored then
    assert caught.value.message.startswith("Key b not found in checkpoint\n\t [[Node: save/")
    assert f"[[Checkpoint: {path}]]" in caught.value.message
    assert caught.value.op.type == "RestoreV2"
    assert __file__ in str(caught.value)


def test_another_type(tmp_path: Path) -> None:
    tf.Variable(1.0, name="a")
    with started() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable(1, name="a")
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            tf.train.Saver().restore(session, path)
    wanted = "Expected to restore a tensor of type int32, got a tensor of type float instead"
    assert caught.value.message.startswith(f"{wanted}: tensor_name = a\n")


@pytest.mark.parametrize("size", [2, 600_000])
def test_another_shape(tmp_path: Path, size: int) -> None:
    tf.Variable(np.zeros(size), name="a")
    with started() as session:
        path = tf.train.Saver().save(session, str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as session:
        a = tf.Variable(np.ones(3), name="a")
        session.run(a.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"lhs shape= \[3\] rhs shape= \["):
            tf.train.Saver().restore(session, path)
        assert session.run(a).tolist() == [1.0, 1.0, 1.0]


def test_a_variable_without_a_value(tmp_path: Path) -> None:
    v = tf.Variable(1.0, name="v")
    saver = tf.train.Saver()
    with started() as session:
        saver.save(session, str(tmp_path / "m"), global_step=1)
    before = {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)}
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            saver.save(session, str(tmp_path / "m"), global_step=2)
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == before
    assert saver.last_checkpoints == [str(tmp_path / "m-1")]
    assert v.name == "v:0"


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.parametrize("initialized", [True, False])
def test_damaged_data_never_become_values(tmp_path: Path, size: int, initialized: bool) -> None:
    v = tf.Variable(np.arange(size, dtype=np.float64), name="v")
    saver = tf.train.Saver()
    with started() as session:
        path = saver.save(session, str(tmp_path / "m"))
    data = tmp_path / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[-3] ^= 1
    data.write_bytes(content)
    with tf.Session() as session:
        if initialized:
            v.load(np.full(size, 7.0), session)
        with pytest.raises(tf.errors.DataLossError, match="Checksum does not match") as caught:
            saver.restore(session, path)
        assert str(data) in caught.value.message
        if initialized:
            assert session.run(v).tolist() == [7.0] * size
        else:
            with pytest.raises(tf.errors.FailedPreconditionError):
                session.run(v)


def test_a_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    tf.Variable(1.0, name="v")
    (tmp_path / "text").write_text("not a checkpoint" * 10)
    (tmp_path / "m.index").write_text("not an index" * 10)
    saver = tf.train.Saver()
    with tf.Session() as session:
        with pytest.raises(tf.errors.DataLossError, match="different file format"):
            saver.restore(session, str(tmp_path / "text"))
        with pytest.raises(tf.errors.DataLossError, match="bad magic number"):
            saver.restore(session, str(tmp_path / "m"))
        with pytest.raises(tf.errors.NotFoundError, match="any matching files"):
            saver.restore(session, str(tmp_path))
        (tmp_path / "a.index").mkdir()
        with pytest.raises(tf.errors.FailedPreconditionError, match=r"a\.index; Is a directory"):
            saver.restore(session, str(tmp_path / "a"))


# ---- what is kept -----------------------------------------------------------------------


def test_checkpoints_that_are_gone_are_passed_over(tmp_path: Path, caplog: Any) -> None:
    tf.Variable(1.0)
    saver = tf.train.Saver(max_to_keep=1)
    with started() as session:
        for path in tmp_path.glob("*"):
            path.unlink()
        saver.save(session, str(tmp_path / "m"), global_step=1)
        for name in names_in(tmp_path):
            (tmp_path / name).unlink()
        saver.save(session, str(tmp_path / "m"), global_step=2)
    assert saver.last_checkpoints == [str(tmp_path / "m-2")]
    assert not caplog.records


def test_what_cannot_be_removed_is_named(tmp_path: Path, caplog: Any) -> None:
    tf.Variable(1.0)
    saver = tf.train.Saver(max_to_keep=1)
    with started() as session:
        saver.save(session, str(tmp_path / "m"), global_step=1)
        (tmp_path / "m-1.index").unlink()
        (tmp_path / "m-1.index").mkdir()
        saver.save(session, str(tmp_path / "m"), global_step=2)
    assert [r.getMessage().partition(":")[0] for r in caplog.records] == ["Ignoring"]
    assert str(tmp_path / "m-1.index") in caplog.records[0].getMessage()
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "m-2")


def test_names_that_begin_alike_are_others(tmp_path: Path) -> None:
    tf.Variable(1.0)
    saver = tf.train.Saver(max_to_keep=1)
    with started() as session:
        saver.save(session, str(tmp_path / "m-10"), write_state=False)
        saver.save(session, str(tmp_path / "m"), global_step=1)
        saver.save(session, str(tmp_path / "m"), global_step=2)
        (tmp_path / "m[12].index").touch()
    kept = {name.partition(".")[0] for name in names_in(tmp_path)}
    assert kept == {"checkpoint", "m-10", "m-2", "m[12]"}


def test_one_file_after_several(tmp_path: Path) -> None:
    """Data files of an older checkpoint under the same name go with it."""
    with tf.device("/cpu:0"):
        tf.Variable(1.0, name="a")
    tf.Variable(2.0, name="b")
    with started() as session:
        tf.train.Saver(sharded=True).save(session, str(tmp_path / "m"))
        assert "m.data-00001-of-00002" in names_in(tmp_path)
        saver = tf.train.Saver()
        saver.save(session, str(tmp_path / "m"))
        assert names_in(tmp_path) == ["checkpoint", "m.data-00000-of-00001", "m.index", "m.meta"]
        saver.restore(session, str(tmp_path / "m"))


def test_recovering_leaves_out_what_does_not_exist(tmp_path: Path) -> None:
    tf.Variable(1.0)
    first, second = tf.train.Saver(), tf.train.Saver(max_to_keep=2)
    with started() as session:
        paths = [first.save(session, str(tmp_path / "m"), global_step=i) for i in range(2)]
        second.recover_last_checkpoints([paths[0], str(tmp_path / "never"), paths[1]])
        assert second.last_checkpoints == paths
        second.save(session, str(tmp_path / "m"), global_step=2)
    assert not tf.train.checkpoint_exists(paths[0])


# ---- threads ----------------------------------------------------------------------------


@pytest.mark.parametrize("sharded", [False, True])
def test_saving_while_training_takes_one_moment(tmp_path: Path, sharded: bool) -> None:
    """Two variables that every run changes together are never saved apart."""
    a = tf.Variable(np.zeros(200_000), name="a")
    b = tf.Variable(np.zeros(3), name="b")
    with tf.device("/cpu:0"):
        c = tf.Variable(0.0, name="c", dtype=tf.float64)
    step = tf.group(*(tf.assign_add(v, tf.ones_like(v)) for v in (a, b, c)))
    saver = tf.train.Saver(max_to_keep=0, sharded=sharded)
    stop = threading.Event()
    with started() as session:

        def train() -> None:
            while not stop.is_set():
                session.run(step)

        thread = threading.Thread(target=train)
        thread.start()
        try:
            paths = [saver.save(session, str(tmp_path / "m"), global_step=i) for i in range(8)]
        finally:
            stop.set()
            thread.join()
        seen = []
        for path in paths:
            with tf.train.NewCheckpointReader(path) as reader:
                found = {v for n in "abc" for v in np.unique(reader.get_tensor(n)).tolist()}
            assert len(found) == 1
            seen += found
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_savers_in_many_threads(tmp_path: Path) -> None:
    v = tf.Variable(1.0, name="v")
    saver = tf.train.Saver(max_to_keep=3)
    errors: list[BaseException] = []
    with started() as session:

        def save(number: int) -> None:
            try:
                for i in range(4):
                    saver.save(session, str(tmp_path / "m"), global_step=10 * number + i)
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=save, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        state = tf.train.get_checkpoint_state(str(tmp_path))
        assert list(state.all_model_checkpoint_paths) == saver.last_checkpoints
        stems = {name.rpartition(".")[0] for name in names_in(tmp_path) if ".index" in name}
        assert stems == {Path(path).name for path in saver.last_checkpoints}
        for path in saver.last_checkpoints:
            saver.restore(session, path)
        assert session.run(v) == 1.0
