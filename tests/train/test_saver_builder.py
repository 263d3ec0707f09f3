"""Savers add to the graph what those of TensorFlow 1.1.0 add, node by node."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow.train.saver_builder import BaseSaverBuilder
from tests.golden import saver_programs

GOLDEN = Path(__file__).parents[1] / "golden" / "graphs_saver.json.gz"
OBSERVED: dict[str, Any] = json.loads(gzip.decompress(GOLDEN.read_bytes()))

# The insides of gradients and updates are leaner here.
LEANER = ('name: "gradients', 'name: "Adam')


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    yield
    tf.reset_default_graph()


def _compared(nodes: list[str]) -> list[str]:
    return [node for node in nodes if not node.startswith(LEANER)]


@pytest.mark.parametrize("name", saver_programs.PROGRAMS)
def test_graph_and_results_equal_tensorflows(name: str) -> None:
    nodes, result = saver_programs.run(tf, saver_programs.PROGRAMS[name])
    assert _compared(nodes) == _compared(OBSERVED["graphs"][name])
    assert json.loads(json.dumps(result)) == OBSERVED["results"][name]


def test_every_program_was_observed() -> None:
    assert OBSERVED["graphs"].keys() == saver_programs.PROGRAMS.keys()


def test_ids_count_what_the_saver_adds() -> None:
    """Unseeded random operations hang on the number of operations made before them."""
    tf.Variable(1.0)
    before = len(tf.get_default_graph().get_operations())
    tf.train.Saver()
    operations = tf.get_default_graph().get_operations()
    assert [op._id for op in operations] == list(range(1, len(operations) + 1))
    assert len(operations) == before + 10


def test_an_unknown_format_is_refused() -> None:
    tf.Variable(1.0)
    with pytest.raises(RuntimeError, match="Unexpected write_version: 7"):
        tf.train.Saver(write_version=7)


def test_slices_of_one_variable_keep_their_order() -> None:
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        tf.get_variable("table", [7, 2])
    tf.train.Saver()
    slices = tf.get_default_graph().get_tensor_by_name("save/SaveV2/shape_and_slices:0")
    assert slices.op.attrs["value"].tolist() == [b"7 2 0,3:0,2", b"7 2 3,2:0,2", b"7 2 5,2:0,2"]


def test_a_builder_of_ones_own() -> None:
    """What `restore_op` returns is what `restore` of a saveable object is given."""
    seen: list[Any] = []

    class Doubled(BaseSaverBuilder.SaveableObject):
        def restore(self, restored_tensors: Any, restored_shapes: Any) -> Any:
            seen.append((restored_tensors, restored_shapes))
            return tf.assign(self.op, restored_tensors[0] * 2.0)

    class Builder(BaseSaverBuilder):
        def restore_op(self, filename_tensor: Any, saveable: Any, preferred_shard: int) -> Any:
            del filename_tensor, saveable, preferred_shard
            return [tf.constant(3.0)]

    v = tf.Variable(1.0, name="v")
    spec = BaseSaverBuilder.SaveSpec(v._ref(), "", "other")
    saver = tf.train.Saver([Doubled(v._ref(), [spec], "other")], builder=Builder())
    with tf.Session() as session:
        session.run(saver.as_saver_def().restore_op_name)
        assert session.run(v) == 6.0
    assert [(len(tensors), shapes) for tensors, shapes in seen] == [(1, None)]


def test_what_cannot_be_restored_says_so() -> None:
    v = tf.Variable(1.0, name="v")
    spec = BaseSaverBuilder.SaveSpec(v._ref(), "", "v")
    with pytest.raises(ValueError, match="does not say how it is restored"):
        tf.train.Saver([BaseSaverBuilder.SaveableObject(v, [spec], "v")])


def test_saveable_objects_are_saved_with_the_variables() -> None:
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(2.0, name="w", collections=[])
    spec = BaseSaverBuilder.SaveSpec(w._ref(), "", "also")
    tf.add_to_collection("saveable_objects", BaseSaverBuilder.VariableSaveable(w, "", "also"))
    tf.train.Saver()
    names = tf.get_default_graph().get_tensor_by_name("save/SaveV2/tensor_names:0")
    assert names.op.attrs["value"].tolist() == [b"also", b"v"]
    assert spec.name == "also"
    assert v.name == "v:0"
