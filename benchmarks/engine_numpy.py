"""Careful hand-written NumPy: what a compiled plan over NumPy can reach, and products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits
from workloads import (
    COLUMNS,
    MLPS,
    RATE,
    ROWS,
    Mlp,
    best,
    linear_batches,
    linear_data,
    mlp_batches,
    mlp_data,
    repeat,
)

F4 = np.float32
BLOCK = 65536


def numpy() -> dict[str, float]:
    """Time hand-written steps."""
    rng, X, y = linear_data()
    theta = rng.randn(COLUMNS + 1, 1).astype("f")
    found = {"linear_full": linear_full(X, y, theta), "linear_batch": linear_batch(X, y, theta)}
    for name, net in MLPS.items():
        step = mlp_step(rng, net)
        batches = mlp_batches(*mlp_data(rng, net), net.batch)

        def epoch(step: Callable[..., None] = step, batches: list = batches) -> None:
            for a, b in batches:
                step(a, b)

        epoch()
        found[name] = best(epoch, 8) / len(batches) * 1e6
    return found


def linear_full(X: np.ndarray, y: np.ndarray, theta: np.ndarray) -> float:
    """Full-batch steps, in microseconds."""
    X, y = np.asfortranarray(X, "f"), y.astype("f")
    e, g = np.empty((ROWS, 1), "f"), np.empty((COLUMNS + 1, 1), "f")

    def step() -> None:
        np.matmul(X, theta, out=e)
        np.subtract(e, y, out=e)
        np.matmul(X.T, e, out=g)
        np.multiply(g, F4(2 * RATE / ROWS), out=g)
        np.subtract(theta, g, out=theta)

    return best(repeat(step, 1000), 3) / 1000 * 1e6


def linear_batch(X: np.ndarray, y: np.ndarray, theta: np.ndarray) -> float:
    """Steps on batches that come as float64, in microseconds."""
    batches = linear_batches(X, y)

    def epoch() -> None:
        for rows, targets in batches:
            a = rows.astype("f")
            d = a @ theta
            d -= targets.astype("f")
            q = a.T @ d
            q *= F4(2 * RATE / len(a))
            np.subtract(theta, q, out=theta)

    return best(epoch) / len(batches) * 1e6


def mlp_step(rng: np.random.RandomState, net: Mlp) -> Callable[[np.ndarray, np.ndarray], None]:
    """A training step of a net over flat parameters and buffers made once."""
    layers, batch = net.layers, net.batch
    count = sum(p * q + q for p, q in layers)
    flat, grad, m, v = (np.zeros(count, "f") for _ in range(4))
    P, G, at = [], [], 0
    for p, q in layers:
        end = at + p * q
        flat[at:end] = (rng.randn(p, q) / np.sqrt(p)).astype("f").ravel()
        P.append((flat[at:end].reshape(p, q), flat[end : end + q]))
        G.append((grad[at:end].reshape(p, q), grad[end : end + q]))
        at = end + q
    H = [np.empty((batch, q), "f") for _, q in layers]
    D = [np.empty((batch, q), "f") for _, q in layers]
    mask = [np.empty((batch, q), bool) for _, q in layers]
    rows = np.arange(batch)
    update = adam(flat, grad, m, v) if net.optimizer == "adam" else sgd(flat, grad)
    last = len(layers) - 1

    def step(x: np.ndarray, labels: np.ndarray) -> None:
        h = x
        for i, (w, b) in enumerate(P):
            np.matmul(h, w, out=H[i])
            np.add(H[i], b, out=H[i])
            h = H[i]
            if i < last:
                np.maximum(h, 0, out=h)
        d = D[last]
        np.subtract(h, h.max(1, keepdims=True), out=d)
        np.exp(d, out=d)
        d /= d.sum(1, keepdims=True)
        d[rows, labels] -= 1
        d *= F4(1 / batch)
        for i in range(last, -1, -1):
            np.matmul((H[i - 1] if i else x).T, d, out=G[i][0])
            np.sum(d, axis=0, out=G[i][1])
            if i:
                np.matmul(d, P[i][0].T, out=D[i - 1])
                np.greater(H[i - 1], 0, out=mask[i - 1])
                np.multiply(D[i - 1], mask[i - 1], out=D[i - 1])
                d = D[i - 1]
        update()

    return step


def sgd(flat: np.ndarray, grad: np.ndarray) -> Callable[[], None]:
    """Plain gradient descent over flat parameters."""

    def update() -> None:
        np.multiply(grad, F4(0.01), out=grad)
        np.subtract(flat, grad, out=flat)

    return update


def adam(flat: np.ndarray, grad: np.ndarray, m: np.ndarray, v: np.ndarray) -> Callable[[], None]:
    """Adam over flat parameters, in blocks that stay in a core's cache."""
    scratch, clock = np.empty(BLOCK, "f"), [0]

    def update() -> None:
        clock[0] += 1
        rate = F4(1e-3 * np.sqrt(1 - 0.999 ** clock[0]) / (1 - 0.9 ** clock[0]))
        for at in range(0, len(flat), BLOCK):
            g, mm, vv, p = (a[at : at + BLOCK] for a in (grad, m, v, flat))
            t = scratch[: len(g)]
            mm *= F4(0.9)
            np.multiply(g, F4(0.1), out=t)
            mm += t
            np.multiply(g, g, out=t)
            t *= F4(0.001)
            vv *= F4(0.999)
            vv += t
            np.sqrt(vv, out=t)
            t += F4(1e-8)
            np.divide(mm, t, out=t)
            t *= rate
            p -= t

    return update


def products() -> dict[str, float]:
    """The matrix products alone: BLAS on two threads or half of BLAS on one, the better of both."""
    rng = np.random.RandomState(0)

    def cost(m: int, k: int, n: int, turn_a: bool = False, turn_b: bool = False) -> float:
        a = rng.rand(k, m).astype("f").T if turn_a else rng.rand(m, k).astype("f")
        b = rng.rand(n, k).astype("f").T if turn_b else rng.rand(k, n).astype("f")
        c = np.empty((m, n), "f")
        run = repeat(lambda: np.matmul(a, b, out=c), 5)
        both = best(run, 9) / 5
        with threadpool_limits(1, "blas"):
            return min(both, best(run, 9) / 10)

    found = {}
    for name, net in MLPS.items():
        total = 0.0
        for i, (p, q) in enumerate(net.layers):
            total += cost(net.batch, p, q) + cost(p, net.batch, q, turn_a=True)
            total += cost(net.batch, q, p, turn_b=True) if i else 0.0
        found[name] = total * 1e6
    return found
