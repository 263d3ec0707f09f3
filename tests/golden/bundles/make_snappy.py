"""Blocks compressed with Snappy: what they hold, and the script that recorded them.

Run with cramjam installed, which contains the library in Rust, this writes snappy.json.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

HERE = Path(__file__).parent


def contents() -> list[bytes]:
    """Blocks of every kind: short, repetitive, like text, random, and far repetitions."""
    rng = random.Random(1)
    words = [rng.randbytes(rng.randrange(2, 9)).hex().encode() for _ in range(40)]
    noise = rng.randbytes(2000)
    return [
        b"",
        b"a",
        b"ab" * 500,
        b"".join(rng.choice(words) for _ in range(1000)),
        noise,
        bytes(70000),
        b"abcdefghij" * 9 + noise[:300] + b"abcdefghij" * 9,
        b"0123456789abcdef" + noise * 40 + b"0123456789abcdef",
    ]


def main() -> None:
    """Write each block's compressed bytes."""
    import cramjam

    packed = [bytes(cramjam.snappy.compress_raw(block)).hex() for block in contents()]
    (HERE / "snappy.json").write_text(json.dumps(packed), encoding="utf-8")


if __name__ == "__main__":
    main()
