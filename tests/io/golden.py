"""Files that TensorFlow wrote, and what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.golden.bundles import make_bundles

FOLDER = Path(make_bundles.__file__).parent

BUNDLES = sorted(path.stem for path in FOLDER.glob("*.index"))


def tensors_of(bundle: str) -> dict[str, Any]:
    """The tensors of one of the bundles, all but TensorFlow 2's description of its objects."""
    if bundle == "tf1_shapes":
        return make_bundles.shapes()
    if bundle == "tf2_objects":
        named = {"weight": make_bundles.whole((3, 2)), "step": 5}
        return {f"{name}/.ATTRIBUTES/VARIABLE_VALUE": value for name, value in named.items()}
    if bundle.endswith("_types"):
        types = make_bundles.COMMON_TYPES + make_bundles.QUANTIZED_TYPES
        types += make_bundles.LATER_TYPES if bundle == "tf2_types" else []
        numbers = {name: make_bundles.values(kind) for name, _, kind in types}
        return {**numbers, **make_bundles.strings()}
    whole = {name: make_bundles.whole(shape) for name, shape, _ in make_bundles.PARTITIONED}
    if bundle == "tf1_parts":
        return {**whole, "plain": make_bundles.whole((3,))}
    return {**whole, "first": make_bundles.whole((2, 2)), "second": make_bundles.whole((5,))}


def files_of(bundle: str) -> dict[str, bytes]:
    """The contents of a bundle's files, by what follows the prefix in their names."""
    return {
        path.name.removeprefix(bundle): path.read_bytes() for path in FOLDER.glob(f"{bundle}.*")
    }
