"""Checkpoints as TensorFlow writes them: what they hold, and the script that recorded them.

Run with TensorFlow 1.1.0 this writes the files tf1_*, records_* and digests.json of its folder,
with TensorFlow 2.21 the files tf2_*. The tests import it for the tensors alone, without TensorFlow.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent

# TensorFlow's names of types, its numbers for them, and the element types of what is stored.
COMMON_TYPES = [
    ("float32", 1, "<f4"), ("float64", 2, "<f8"), ("int32", 3, "<i4"), ("uint8", 4, "u1"),
    ("int16", 5, "<i2"), ("int8", 6, "i1"), ("complex64", 8, "<c8"), ("int64", 9, "<i8"),
    ("bool", 10, "?"), ("uint16", 17, "<u2"), ("complex128", 18, "<c16"), ("float16", 19, "<f2"),
]
QUANTIZED_TYPES = [
    ("qint8", 11, "i1"), ("quint8", 12, "u1"), ("qint32", 13, "<i4"), ("qint16", 15, "<i2"),
    ("quint16", 16, "<u2"),
]
LATER_TYPES = [
    ("bfloat16", 14, "<u2"), ("uint32", 22, "<u4"), ("uint64", 23, "<u8"),
    ("float8_e5m2", 24, "u1"), ("float8_e4m3fn", 25, "u1"), ("int4", 29, "i1"), ("uint4", 30, "u1"),
]


def values(kind):
    """Six elements, in two rows, of an element type."""
    if kind == "?":
        return np.array([[True, False, True], [False, False, True]])
    numbers = np.array([[1, 0, 5], [2, 7, 3]])
    if kind.startswith("<f"):
        numbers = numbers * 1.25
    if kind.startswith("<c"):
        numbers = numbers * (1.25 - 2j)
    return numbers.astype(kind)


def strings():
    """Three string tensors: one of none, one of one, and lengths that need two bytes."""
    return {
        "none": np.zeros((0, 2), dtype=object),
        "one": np.array(b"", dtype=object),
        "some": np.array([[b"ab", b"", b"x" * 300], [b"\xff\x00", b"y" * 127, b"z" * 128]], object),
    }


def shapes():
    """Tensors whose names and shapes are seldom seen."""
    wide = np.arange(120, dtype="<f4")
    return {
        "scalar": np.array(7, dtype="<i8"),
        "empty": np.zeros((0, 4), dtype="<f4"),
        "five": wide.reshape(2, 3, 1, 4, 5),
        "a": wide[:1],
        "a/b": wide[:2],
        "ab": wide[:3],
        "\xff\u4e16": wide[:4],
        "a" * 300: wide[:5],
    }


# A partitioned variable's name, full shape, and the parts in the order they are saved.
PARTITIONED = [
    ("rows", (7, 2), [((0, 3), (0, 2)), ((3, 2), (0, 2)), ((5, 2), (0, 2))]),
    ("tiles", (4, 6), [((0, 2), (0, 4)), ((2, 2), (4, 2)), ((0, 2), (4, 2)), ((2, 2), (0, 4))]),
    ("far\x00\xff", (1000, 1), [((0, 990), (0, 1)), ((990, 10), (0, 1))]),
]


def whole(shape):
    """The value of a partitioned variable."""
    return np.arange(np.prod(shape), dtype="<f4").reshape(shape)


def part_of(array, extents):
    """The part of an array between start and start + length of each axis."""
    return array[tuple(slice(start, start + length) for start, length in extents)]


def spec_of(shape, extents):
    """The text that tells the saving operation about a part."""
    dims = "".join(f"{dim} " for dim in shape)
    return dims + ":".join(f"{start},{length}" for start, length in extents)


def parts():
    """Every part of every partitioned variable: name, text, array."""
    for name, shape, pieces in PARTITIONED:
        for extents in pieces:
            yield name, spec_of(shape, extents), part_of(whole(shape), extents)


def many_names(number, seed):
    """Names in TensorFlow's style, all different, in no order."""
    rng = np.random.RandomState(seed)
    words = ["dense", "conv2d", "lstm_cell", "kernel", "bias", "Adam", "Adam_1", "Momentum"]
    names = set()
    while len(names) < number:
        chosen = [words[k] for k in rng.randint(0, len(words), rng.randint(1, 5))]
        names.add("/".join(chosen) + f"_{rng.randint(0, 10 ** rng.randint(1, 7))}")
    ordered = sorted(names)
    return [ordered[k] for k in rng.permutation(len(ordered))]


def large_cases():
    """Bundles of which only the digest is recorded: names of one int32 scalar each."""
    return {
        "blocks": many_names(20000, 1),
        "digits": [f"v{k}" for k in range(12000)],
        "long": ["a" * 600000, "a" * 599999 + "b", "b", "c" * 300000, "c" * 300000 + "d", "e"],
        "high": [chr(0xff) * k for k in range(1, 900)],
    }


def records():
    """What the records files hold."""
    return [b"", b"a", b"hello world", bytes(bytearray(range(256))) * 3, b"\x00" * 20, b"last"]


def write_bundle(tf, save, prefix, entries):
    """Save (name, text, tensor) entries with one SaveV2 operation."""
    names, texts, tensors = ([entry[k] for entry in entries] for k in range(3))
    with tf.Graph().as_default(), tf.Session() as session:
        made = [tf.constant(t) for t in tensors]
        names = [name.encode("utf-8") for name in names]
        session.run(save(prefix, names, list(texts), made))


def plain(tensors):
    """Entries of tensors that are saved whole."""
    return [(name, "", value) for name, value in tensors.items()]


def bits(tf, name, kind):
    """The array that TensorFlow takes for one of a type that NumPy lacks, with given bits."""
    dtype = getattr(tf, name, None) or getattr(tf.dtypes.experimental, name)
    return values(kind).view(dtype.as_numpy_dtype)


def make_tf1(folder):
    """Record what TensorFlow 1.1.0 writes."""
    import tensorflow as tf
    from tensorflow.python.ops import gen_io_ops

    def save(prefix, names, texts, tensors):
        return gen_io_ops.save_v2(prefix, names, texts, tensors)

    def at(name):
        return str(folder / name)

    typed = plain({name: values(kind) for name, _, kind in COMMON_TYPES})
    typed += [(name, "", bits(tf, name, kind)) for name, _, kind in QUANTIZED_TYPES]
    write_bundle(tf, save, at("tf1_types"), typed + plain(strings()))
    write_bundle(tf, save, at("tf1_shapes"), plain(shapes()))
    write_bundle(tf, save, at("tf1_parts"), list(parts()) + plain({"plain": whole((3,))}))
    write_sharded(tf, save, gen_io_ops.merge_v2_checkpoints, at("tf1_shards"))
    write_old(tf, gen_io_ops._save_slices, at("tf1_old"))
    digests = {}
    for name, names in large_cases().items():
        prefix = at("large")
        with tf.Graph().as_default(), tf.Session() as session:
            tensors = tf.unstack(tf.constant(np.arange(len(names), dtype=np.int32)))
            encoded = [n.encode("latin-1") for n in names]
            session.run(save(prefix, encoded, [""] * len(names), tensors))
        digests[name] = {}
        for ending in ("index", "data-00000-of-00001"):
            file = Path(prefix + "." + ending)
            digests[name][ending] = hashlib.sha256(file.read_bytes()).hexdigest()
            file.unlink()
    text = json.dumps(digests, indent=1, sort_keys=True)
    Path(at("digests.json")).write_text(text, encoding="utf-8")
    make_records(tf, at)


def write_sharded(tf, save, merge, prefix):
    """Two bundles, with parts of the same variables in both, merged into one."""
    everything = list(parts()) + plain({"first": whole((2, 2)), "second": whole((5,))})
    shards = [f"{prefix}_temp/part-{k:05d}-of-00002" for k in range(2)]
    Path(prefix + "_temp").mkdir()
    for k, shard in enumerate(shards):
        write_bundle(tf, save, shard, everything[k::2])
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(merge(shards, prefix, delete_old_dirs=True))


def write_old(tf, save_slices, path):
    """A file in the format that came before bundles."""
    kinds = [k for k in COMMON_TYPES if k[0] not in ("uint16", "float16")]
    entries = plain({name: values(kind) for name, _, kind in kinds})
    entries += plain({"some": strings()["some"], "scalar": np.array(7.0, "<f4")})
    entries += list(parts())[:-2]
    names, texts, tensors = ([entry[k] for entry in entries] for k in range(3))
    with tf.Graph().as_default(), tf.Session() as session:
        made = [tf.constant(t) for t in tensors]
        session.run(save_slices(path, list(names), list(texts), made))


def make_records(tf, at):
    """A file of records, and how reading ends for each way of damaging it."""
    with tf.python_io.TFRecordWriter(at("records")) as writer:
        for record in records():
            writer.write(record)
    content = Path(at("records")).read_bytes()
    outcomes = [outcome(tf, at("damaged"), changed) for changed in damaged(content)]
    Path(at("damaged")).unlink()
    Path(at("records_damaged.json")).write_text(json.dumps(outcomes), encoding="utf-8")


def damaged(content):
    """The content cut short and with a bit changed, at every seventh byte."""
    for position in range(0, len(content), 7):
        yield content[:position]
        yield flipped(content, position)


def flipped(content, position):
    """The content with one bit changed."""
    changed = bytearray(content)
    changed[position] ^= 1 << (position % 8)
    return bytes(changed)


def outcome(tf, path, content):
    """How many records are read from a file, and the error that ends it."""
    Path(path).write_bytes(content)
    number, error = 0, None
    try:
        for _ in tf.python_io.tf_record_iterator(path):
            number += 1
    except tf.errors.OpError as caught:
        error = [type(caught).__name__, caught.message]
    return [number, error]


def make_tf2(folder):
    """Record what TensorFlow 2.21 writes."""
    import tensorflow as tf

    v1 = tf.compat.v1

    def at(name):
        return str(folder / name)

    def save(prefix, names, texts, tensors):
        return tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=texts, tensors=tensors
        )

    def merge(shards, prefix, delete_old_dirs):
        return tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=shards, destination_prefix=prefix, delete_old_dirs=delete_old_dirs
        )

    tracked = tf.train.Checkpoint(
        weight=tf.Variable(whole((3, 2))), step=tf.Variable(5, dtype="int64")
    )
    tracked.write(at("tf2_objects"))
    typed = plain({name: values(kind) for name, _, kind in COMMON_TYPES})
    typed += [(name, "", bits(v1, name, kind)) for name, _, kind in QUANTIZED_TYPES + LATER_TYPES]
    write_bundle(v1, save, at("tf2_types"), typed + plain(strings()))
    write_sharded(v1, save, merge, at("tf2_shards"))


def main():
    """Write to a folder of its own first, so that a failure leaves what was there."""
    import tensorflow as tf

    folder = Path(tempfile.mkdtemp())
    make = make_tf2 if tf.__version__.startswith("2.") else make_tf1
    make(folder)
    for file in sorted(folder.iterdir()):
        shutil.copyfile(str(file), str(HERE / file.name))
        sys.stdout.write(f"{file.stat().st_size:7d} {file.name}\n")
    shutil.rmtree(str(folder))


if __name__ == "__main__":
    main()
