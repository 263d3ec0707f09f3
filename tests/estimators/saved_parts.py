"""Saved estimators taken apart, changed, and put together again with checksums that are right."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from skflow.estimators.saving import CHECKSUM, JSON_ENDING
from skflow.io import crc, files
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter
from skflow.io.commit import commit

ENDINGS: Final = (".index", ".data-00000-of-00001", ".meta", ".json")

Tensors = dict[str, Any]


def contents(prefix: str) -> dict[str, bytes]:
    """All files of a saved estimator, by their endings."""
    layer = files.current()
    there = [ending for ending in ENDINGS if layer.exists(prefix + ending)]
    return {ending: files.read_whole(prefix + ending, 1 << 30) for ending in there}


def taken_apart(prefix: str) -> tuple[Any, Tensors]:
    """The document and the checkpoint's tensors."""
    document = json.loads(files.read_whole(prefix + JSON_ENDING, 1 << 30))
    with BundleReader(prefix) as bundle:
        return document, {n: bundle.read(n) for n in bundle.names() if n != CHECKSUM}


def put_together(prefix: str, document: Any, tensors: Mapping[str, Any]) -> None:
    """Write a document, or a text as bytes, and tensors as a saved estimator."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    with commit(prefix) as transaction:
        bundle = BundleWriter(transaction)
        for name, value in tensors.items():
            bundle.add(name, value)
        bundle.add(CHECKSUM, np.int64(crc.masked(text)))
        bundle.finish()
        transaction.create(JSON_ENDING).write(text)


def places(document: Any) -> list[tuple[Any, Any]]:
    """All places in a document: what they are in, and the key or position."""
    found, waiting = [], [document]
    while waiting:
        part = waiting.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part))
        for key in keys:
            found.append((part, key))
            if isinstance(part[key], (dict, list)):
                waiting.append(part[key])
    return found


def _odd_value(document: Any, rng: random.Random) -> Any:
    """What might stand where something else should."""
    holder, key = rng.choice(places(document))
    nested: Any = 0
    for _ in range(rng.choice((5, 40, 200))):
        nested = [nested] if rng.random() < 0.5 else {"$tuple": [nested]}
    return rng.choice(
        (
            None,
            True,
            rng.choice((0, 1, -1, 2, 3, 7, 2**31, 2**63, 10**30, -(2**63) - 1)),
            rng.choice((0.5, -1.0, 1e308, 1e-300)),
            rng.choice(("", "x", "relu", "log", "squared", "quantile", "float32", "<f4", "\ud800")),
            [],
            {},
            nested,
            copy.deepcopy(holder[key]),
            {"$float": rng.choice(("nan", "inf", "x"))},
            {"$public": rng.choice(("tf.nn.relu", "tf.nn.dropout", "tf.py_func", "tf.train.X"))},
            {"$dtype": rng.choice(("<f4", "O", "<M8[ns]", "V8", "<f8,<i4"))},
            {"$array": rng.choice((["<U999999999", [1], ["x"]], ["<f8", [10**12], [0.5]]))},
            {"$stored": ["<f8", [10**12], 0]},
            {"$record": ["FeatureSpec", {"numeric": 10**12}]},
            {"$scalar": ["<i8", 3]},
            {"$custom": "nobody"},
        )
    )


def damage(document: Any, rng: random.Random) -> None:
    """Change some places of a document."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        holder, key = rng.choice(places(document))
        how = rng.randrange(6)
        if how < 3:
            holder[key] = _odd_value(document, rng)
        elif how == 3:
            del holder[key]
        elif how == 4 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif how == 5 and isinstance(holder[key], (int, float)):
            holder[key] = holder[key] + rng.choice((1, -1, 1000)) * rng.choice((1, 0.5))
        else:
            other, place = rng.choice(places(document))
            holder[key] = copy.deepcopy(other[place])


def damage_tensors(tensors: Tensors, rng: random.Random) -> None:
    """Change some tensors, or which there are."""
    name = rng.choice(list(tensors))
    value = np.asarray(tensors[name])
    how = rng.randrange(5)
    if how == 0:
        del tensors[name]
    elif how == 1:
        tensors[name + "x"] = tensors.pop(name)
    elif how == 2:
        tensors[name] = value.astype(rng.choice((np.float32, np.int64, np.uint8, np.complex64)))
    elif how == 3:
        tensors[name] = value.reshape(rng.choice(((-1,), (1, *value.shape), (*value.shape, 1))))
    else:
        tensors[name] = rng.choice(
            (value.reshape(-1)[:0], np.zeros((3, 0)), np.array([b"x"], object))
        )
