"""What every engine is timed on: data, sizes and clocks shared by all of them.

Float32 arithmetic; a step is forward, gradients, update and the feeding of its batch.

==================  ======================================================================  =======
linear_full         full-batch gradient descent, a 20640 x 9 design matrix in the graph     us/step
linear_batch        the same model, batches of 100 rows fed as float64 arrays               us/step
scalar_chain        gradient of 100 rounds of sines and cosines on scalars                  us/run
mlp_784_b50         784-300-100-10 ReLU, softmax cross-entropy, plain SGD, batch 50         us/step
mlp_784_b200        the same net, Adam, batch 200                                           us/step
mlp_8_b200          8-100-100-2 ReLU, softmax cross-entropy, Adam, batch 200                us/step
mlp_1024_b256       256-1024-1024-1024-10 ReLU, softmax cross-entropy, Adam, batch 256      us/step
predict_one         forward pass of one row through 784-300-100-10                          us/call
build_first         building scalar_chain with its gradients, and the first run             ms
import              importing the library                                                   s
==================  ======================================================================  =======
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROWS, COLUMNS = 20640, 8
RATE = 0.01
CHAIN_ROUNDS = 100
BATCHES_PER_EPOCH = 20


@dataclass(frozen=True)
class Mlp:
    """A fully connected net: layer sizes, rows a batch, and the optimizer's name."""

    sizes: tuple[int, ...]
    batch: int
    optimizer: str

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(zip(self.sizes, self.sizes[1:], strict=False))


MLPS = {
    "mlp_784_b50": Mlp((784, 300, 100, 10), 50, "sgd"),
    "mlp_784_b200": Mlp((784, 300, 100, 10), 200, "adam"),
    "mlp_8_b200": Mlp((8, 100, 100, 2), 200, "adam"),
    "mlp_1024_b256": Mlp((256, 1024, 1024, 1024, 10), 256, "adam"),
}
PREDICTING = "mlp_784_b50"


def best(run: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def import_seconds(module: str) -> float:
    """How long importing a library takes in a fresh interpreter, the best of three."""
    code = (
        f"import time; start = time.perf_counter(); import {module}; "
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code]
    return min(
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )


def repeat(step: Callable[[], object], count: int) -> Callable[[], None]:
    """A run of `count` steps."""

    def run() -> None:
        for _ in range(count):
            step()

    return run


def linear_data() -> tuple[np.random.RandomState, np.ndarray, np.ndarray]:
    """A generator, a design matrix with a column of ones, and targets."""
    rng = np.random.RandomState(0)
    X = np.c_[np.ones((ROWS, 1)), rng.randn(ROWS, COLUMNS)]
    return rng, X, X @ rng.randn(COLUMNS + 1, 1) + rng.randn(ROWS, 1)


def linear_batches(X: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches of 100 rows."""
    return [(X[i : i + 100], y[i : i + 100]) for i in range(0, len(X), 100)]


def mlp_data(rng: np.random.RandomState, net: Mlp) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels of one epoch."""
    rows = net.batch * BATCHES_PER_EPOCH
    X = rng.rand(rows, net.sizes[0]).astype("f")
    return X, rng.randint(0, net.sizes[-1], rows).astype("i4")


def mlp_batches(X: np.ndarray, y: np.ndarray, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The batches of one epoch."""
    return [(X[i : i + size], y[i : i + size]) for i in range(0, len(X), size)]
