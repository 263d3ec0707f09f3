"""PyTorch, JAX and scikit-learn on the same workloads."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from workloads import (
    BATCHES_PER_EPOCH,
    CHAIN_ROUNDS,
    COLUMNS,
    MLPS,
    PREDICTING,
    RATE,
    Mlp,
    best,
    import_seconds,
    linear_batches,
    linear_data,
    mlp_batches,
    mlp_data,
    repeat,
)


def torch() -> dict[str, float]:
    """Time PyTorch in eager mode, with fused optimizers."""
    import torch as T

    found = {"import": import_seconds("torch")}
    T.set_num_threads(2)
    rng, X, y = linear_data()
    theta = T.rand(COLUMNS + 1, 1, requires_grad=True)
    optimizer = T.optim.SGD([theta], lr=RATE)

    def step(a: Any, b: Any) -> None:
        optimizer.zero_grad()
        ((a @ theta - b) ** 2).mean().backward()
        optimizer.step()

    full = T.tensor(X, dtype=T.float32), T.tensor(y, dtype=T.float32)
    found["linear_full"] = best(repeat(lambda: step(*full), 500), 3) / 500 * 1e6
    batches = linear_batches(X, y)

    def epoch() -> None:
        for a, b in batches:
            step(T.from_numpy(a).float(), T.from_numpy(b).float())

    found["linear_batch"] = best(epoch) / len(batches) * 1e6

    def chain() -> None:
        a, b = T.tensor(0.2, requires_grad=True), T.tensor(0.3, requires_grad=True)
        z = T.tensor(0.0)
        for i in range(CHAIN_ROUNDS):
            z = a * T.cos(z + i) + z * T.sin(b - i)
        z.backward()

    found["scalar_chain"] = best(chain) * 1e6
    for name, net in MLPS.items():
        found |= torch_mlp(T, rng, name, net)
    return found


def torch_mlp(T: Any, rng: np.random.RandomState, name: str, net: Mlp) -> dict[str, float]:
    """Training steps of a net in PyTorch, in microseconds."""
    layers = []
    for i, (p, q) in enumerate(net.layers):
        layers += [T.nn.Linear(p, q)] + ([T.nn.ReLU()] if i < len(net.layers) - 1 else [])
    model, loss = T.nn.Sequential(*layers), T.nn.CrossEntropyLoss()
    if net.optimizer == "adam":
        optimizer = T.optim.Adam(model.parameters(), 1e-3, fused=True)
    else:
        optimizer = T.optim.SGD(model.parameters(), 0.01, fused=True)
    X, y = mlp_data(rng, net)
    batches = mlp_batches(T.from_numpy(X), T.from_numpy(y).long(), net.batch)

    def epoch() -> None:
        for a, b in batches:
            optimizer.zero_grad()
            loss(model(a), b).backward()
            optimizer.step()

    epoch()
    found = {name: best(epoch, 8) / len(batches) * 1e6}
    if name == PREDICTING:
        row = T.from_numpy(X[:1])
        with T.no_grad():
            found["predict_one"] = best(repeat(lambda: model(row), 200)) / 200 * 1e6
    return found


def jax() -> dict[str, float]:
    """Time JAX under jit, with donated buffers."""
    import jax as J
    import jax.numpy as jnp

    found = {"import": import_seconds("jax")}
    rng, X, y = linear_data()
    state = [jnp.zeros((COLUMNS + 1, 1), "f")]

    def descend(w: Any, a: Any, b: Any) -> Any:
        return w - RATE * J.grad(lambda u: jnp.mean((a @ u - b) ** 2))(w)

    step = J.jit(descend, donate_argnums=0)
    full = jnp.array(X, "f"), jnp.array(y, "f")

    def run_full() -> None:
        for _ in range(500):
            state[0] = step(state[0], *full)
        state[0].block_until_ready()

    run_full()
    found["linear_full"] = best(run_full, 3) / 500 * 1e6
    batches = linear_batches(X, y)

    def epoch() -> None:
        for a, b in batches:
            state[0] = step(state[0], a.astype("f"), b.astype("f"))
        state[0].block_until_ready()

    epoch()
    found["linear_batch"] = best(epoch) / len(batches) * 1e6

    def chain(a: Any, b: Any) -> Any:
        z = jnp.float32(0)
        for i in range(CHAIN_ROUNDS):
            z = a * jnp.cos(z + i) + z * jnp.sin(b - i)
        return z

    start = time.perf_counter()
    gradient = J.jit(J.grad(chain, (0, 1)))
    J.block_until_ready(gradient(0.2, 0.3))
    found["build_first"] = (time.perf_counter() - start) * 1e3
    once = repeat(lambda: J.block_until_ready(gradient(0.2, 0.3)), 200)
    found["scalar_chain"] = best(once) / 200 * 1e6
    for name, net in MLPS.items():
        found |= jax_mlp(J, jnp, rng, name, net)
    return found


def jax_mlp(J: Any, jnp: Any, rng: np.random.RandomState, name: str, net: Mlp) -> dict[str, float]:
    """Training steps of a net in JAX, in microseconds."""
    params = [(rng.randn(p, q).astype("f") / np.sqrt(p), np.zeros(q, "f")) for p, q in net.layers]
    tree = J.tree.map

    def logits(P: Any, x: Any) -> Any:
        for i, (w, b) in enumerate(P):
            x = x @ w + b
            x = jnp.maximum(x, 0) if i < len(P) - 1 else x
        return x

    def loss(P: Any, x: Any, y: Any) -> Any:
        chosen = jnp.take_along_axis(J.nn.log_softmax(logits(P, x)), y[:, None], 1)
        return -jnp.mean(chosen)

    def train(P: Any, m: Any, v: Any, x: Any, y: Any) -> Any:
        g = J.grad(loss)(P, x, y)
        if net.optimizer == "sgd":
            return tree(lambda p, q: p - 0.01 * q, P, g), m, v
        m = tree(lambda a, q: 0.9 * a + 0.1 * q, m, g)
        v = tree(lambda a, q: 0.999 * a + 0.001 * q * q, v, g)
        moved = tree(lambda p, a, c: p - 1e-3 * a / (jnp.sqrt(c) + 1e-8), P, m, v)
        return moved, m, v

    step = J.jit(train, donate_argnums=(0, 1, 2))
    X, y = mlp_data(rng, net)
    state = [params, tree(np.zeros_like, params), tree(np.zeros_like, params)]

    def epoch() -> None:
        for a, b in mlp_batches(X, y, net.batch):
            state[:] = step(*state, a, b)
        J.block_until_ready(state)

    epoch()
    found = {name: best(epoch, 8) / BATCHES_PER_EPOCH * 1e6}
    if name == PREDICTING:
        forward = J.jit(logits)
        forward(state[0], X[:1])
        one = repeat(lambda: np.asarray(forward(state[0], X[:1])), 200)
        found["predict_one"] = best(one) / 200 * 1e6
    return found


def sklearn() -> dict[str, float]:
    """Time scikit-learn's MLPClassifier."""
    warnings.simplefilter("ignore")
    from sklearn.neural_network import MLPClassifier

    found = {"import": import_seconds("sklearn.neural_network")}
    rng, _, _ = linear_data()
    for name, net in MLPS.items():
        X, y = mlp_data(rng, net)
        times = []
        for _ in range(3):
            model = MLPClassifier(
                net.sizes[1:-1],
                solver=net.optimizer,
                batch_size=net.batch,
                max_iter=3,
                tol=0,
                n_iter_no_change=100,
                momentum=0,
            )
            start = time.perf_counter()
            model.fit(X, y)
            times.append(time.perf_counter() - start)
        found[name] = min(times) / (3 * BATCHES_PER_EPOCH) * 1e6
        if name == PREDICTING:
            row, proba = X[:1], model.predict_proba
            one = repeat(lambda row=row, proba=proba: proba(row), 200)
            found["predict_one"] = best(one) / 200 * 1e6
    return found
