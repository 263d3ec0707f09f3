"""Random programs over the engine: what `tests/test_random_graphs.py` runs in two ways."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

import skflow as tf

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Item:
    """A tensor of a program and the shape it will have in the run."""

    tensor: Any
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass
class Program:
    """A graph with what to feed, run and fetch."""

    items: list[Item] = field(default_factory=list)
    sources: list[Item] = field(default_factory=list)
    variables: list[Any] = field(default_factory=list)
    updates: list[Any] = field(default_factory=list)
    feeds: dict[Any, Shape] = field(default_factory=dict)
    made: list[tuple[Callable[..., Item], tuple[Item, ...]]] = field(default_factory=list)


class Author:
    """Writes a program, choosing by what hypothesis draws.

    Parameters
    ----------
    data : hypothesis data object
        Where choices come from.
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.program = Program()
        self.last_update: Any = None

    # ---- choices ----------------------------------------------------------------------

    def choose(self, options: Any) -> Any:
        return self.data.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return int(self.data.draw(st.integers(low, high)))

    def flag(self) -> bool:
        return bool(self.data.draw(st.booleans()))

    def item(self, fits: Callable[[Item], bool] | None = None) -> Item | None:
        """One of the tensors made so far, among those that fit."""
        usable = [i for i in self.program.items if fits is None or fits(i)]
        return self.choose(usable) if usable else None

    # ---- sources ----------------------------------------------------------------------

    def start(self) -> None:
        """Make placeholders, some with unknown dimensions, constants and variables."""
        rows, columns = self.number(1, 4), self.number(1, 4)
        shapes: list[Shape] = [(rows, columns), (columns,), (rows, 1), (columns, 3), ()]
        for number, shape in enumerate(shapes):
            values = np.random.default_rng(number).standard_normal(shape)
            kind = self.choose(("placeholder", "placeholder", "constant", "variable"))
            tensor: Any
            if kind == "placeholder":
                known = [d if self.flag() else None for d in shape]
                tensor = tf.placeholder(tf.float64, known)
                self.program.feeds[tensor] = shape
            elif kind == "constant":
                tensor = tf.constant(values, tf.float64)
            else:
                variable = tf.Variable(values)
                self.program.variables.append((variable, shape))
                # A computed tensor: what merely passes a variable on may show later updates.
                tensor = variable + 0.5
            self.program.sources.append(Item(tensor, shape))
        self.program.items.extend(self.program.sources)

    # ---- steps ------------------------------------------------------------------------

    def step(self) -> None:
        """Add one operation, or a few that belong together."""
        rule = self.choose(RULES)
        found = rule(self)
        if found is not None:
            self.program.items.append(found)

    def apply(self, make: Callable[..., Item], *args: Item) -> Item:
        """Make a tensor, in a way that can be repeated later."""
        self.program.made.append((make, args))
        return make(*args)

    def unary(self) -> Item | None:
        x = self.item()
        assert x is not None
        function = self.choose(UNARY)
        return self.apply(lambda a: Item(function(a.tensor), a.shape), x)

    def binary(self) -> Item | None:
        x = self.item()
        assert x is not None
        y = self.item(lambda i: _broadcasts(x.shape, i.shape))
        assert y is not None
        function = self.choose(BINARY)
        shape = np.broadcast_shapes(x.shape, y.shape)
        return self.apply(lambda a, b: Item(function(a.tensor, b.tensor), shape), x, y)

    def reduction(self) -> Item | None:
        x = self.item(lambda i: i.rank > 0)
        if x is None:
            return None
        axes = [a for a in range(x.rank) if self.flag()]
        keep = self.flag()
        function = self.choose(REDUCTIONS)
        shape = np.empty(x.shape).sum(axis=tuple(axes), keepdims=keep).shape
        return self.apply(lambda a: Item(function(a.tensor, axis=axes, keep_dims=keep), shape), x)

    def product(self) -> Item | None:
        x = self.item(lambda i: i.rank == 2)
        if x is None:
            return None
        y = self.item(lambda i: i.rank == 2 and set(x.shape) & set(i.shape) != set())
        assert y is not None
        turns = [
            (p, q)
            for p in (False, True)
            for q in (False, True)
            if x.shape[0 if p else 1] == y.shape[1 if q else 0]
        ]
        if not turns:
            return None
        p, q = self.choose(turns)
        shape = (x.shape[1 if p else 0], y.shape[0 if q else 1])
        return self.apply(
            lambda a, b: Item(tf.matmul(a.tensor, b.tensor, transpose_a=p, transpose_b=q), shape),
            x,
            y,
        )

    def reshaping(self) -> Item | None:
        x = self.item(lambda i: i.rank > 0)
        if x is None:
            return None
        size = int(np.prod(x.shape))
        function, shape = self.choose(
            [
                (lambda t: tf.reshape(t, [-1]), (size,)),
                (lambda t: tf.expand_dims(t, 0), (1, *x.shape)),
                (tf.transpose, x.shape[::-1]),
                (lambda t: tf.reshape(t, [tf.size(t), 1]), (size, 1)),
                (lambda t: tf.reshape(t, tf.concat([tf.shape(t), [1]], 0)), (*x.shape, 1)),
                (lambda t: tf.reverse(t, [0]), x.shape),
                (lambda t: tf.cumsum(t, axis=0), x.shape),
                (lambda t: t[:1], (1, *x.shape[1:])),
                (lambda t: t[..., tf.newaxis], (*x.shape, 1)),
                (lambda t: tf.squeeze(tf.expand_dims(t, -1), [-1]), x.shape),
            ]
        )
        if len(shape) > 4:
            return None
        return self.apply(lambda a: Item(function(a.tensor), shape), x)

    def joining(self) -> Item | None:
        x = self.item(lambda i: i.rank > 0)
        if x is None:
            return None
        y = self.item(lambda i: i.shape[1:] == x.shape[1:] and i.rank == x.rank)
        assert y is not None
        if x.shape == y.shape and self.flag() and x.rank < 3:
            return self.apply(
                lambda a, b: Item(tf.stack([a.tensor, b.tensor]), (2, *x.shape)), x, y
            )
        shape = (x.shape[0] + y.shape[0], *x.shape[1:])
        return self.apply(lambda a, b: Item(tf.concat([a.tensor, b.tensor], 0), shape), x, y)

    def choosing(self) -> Item | None:
        x = self.item()
        assert x is not None
        y = self.item(lambda i: i.shape == x.shape)
        assert y is not None
        return self.apply(
            lambda a, b: Item(tf.where(a.tensor > b.tensor, a.tensor, tf.tanh(b.tensor)), a.shape),
            x,
            y,
        )

    def gathering(self) -> Item | None:
        x = self.item(lambda i: i.rank > 0 and i.shape[0] > 0)
        if x is None:
            return None
        at = [self.number(0, x.shape[0] - 1) for _ in range(self.number(1, 3))]
        shape = (len(at), *x.shape[1:])
        return self.apply(lambda a: Item(tf.gather(a.tensor, at), shape), x)

    def normalizing(self) -> Item | None:
        x = self.item(lambda i: i.rank == 2 and i.shape[1] > 0)
        if x is None:
            return None
        function = self.choose([tf.nn.softmax, tf.nn.log_softmax])
        return self.apply(lambda a: Item(function(a.tensor), a.shape), x)

    def narrowing(self) -> Item | None:
        """Through single precision and back: the compiled plan may not skip the rounding."""
        x = self.item()
        assert x is not None
        return self.apply(
            lambda a: Item(tf.cast(tf.sin(tf.cast(a.tensor, tf.float32)), tf.float64), a.shape), x
        )

    def repetition(self) -> Item | None:
        """What has been made before, made again: a common subexpression."""
        if not self.program.made:
            return None
        make, args = self.choose(self.program.made)
        return make(*args)

    def gradient(self) -> Item | None:
        x, y = self.choose(self.program.sources), self.item()
        assert y is not None
        loss = tf.reduce_sum(tf.tanh(y.tensor))
        with warnings.catch_warnings():
            # The slices of a gathered gradient are made dense, and may be of unknown shape.
            warnings.simplefilter("ignore", UserWarning)
            (found,) = tf.gradients(loss, [x.tensor])
            return None if found is None else Item(tf.convert_to_tensor(found), x.shape)

    def update(self) -> Item | None:
        """Change a variable after all earlier updates and read it afterwards."""
        if not self.program.variables:
            return None
        variable, shape = self.choose(self.program.variables)
        new = self.item(lambda i: i.shape == shape)
        assert new is not None
        function = self.choose([tf.assign, tf.assign_add, tf.assign_sub])
        before = [] if self.last_update is None else [self.last_update]
        value = tf.tanh(new.tensor)
        constant = self.flag()
        with tf.control_dependencies(before):
            # What only constants connect with the block waits for what the block waits for, too.
            value = tf.constant(np.full(shape, 0.75)) if constant else value
            self.last_update = function(variable, value)
        self.program.updates.append(self.last_update.op)
        with tf.control_dependencies([self.last_update]):
            read = Item(variable.read_value() + 0.25, shape)
        # What updates the variable next has to wait for this reading.
        self.last_update = read.tensor
        return read


def _broadcasts(a: Shape, b: Shape) -> bool:
    try:
        return len(np.broadcast_shapes(a, b)) <= 4
    except ValueError:
        return False


UNARY = (
    tf.negative,
    tf.abs,
    tf.square,
    tf.tanh,
    tf.sigmoid,
    tf.nn.relu,
    tf.nn.elu,
    tf.nn.softplus,
    tf.identity,
    tf.stop_gradient,
    lambda t: tf.exp(tf.tanh(t)),
    lambda t: tf.log(1.0 + tf.square(t)),
    lambda t: tf.sqrt(1.0 + tf.square(t)),
    lambda t: tf.clip_by_value(t, -1.5, 0.75),
    lambda t: 2.0 * t - 1.0,
    lambda t: t / 4.0,
    lambda t: 1.0 / (2.0 + tf.abs(t)),
    tf.ones_like,
    lambda t: tf.zeros_like(t) + t,
)
BINARY = (
    tf.add,
    tf.subtract,
    tf.multiply,
    tf.maximum,
    tf.minimum,
    tf.squared_difference,
    lambda a, b: a / (1.0 + tf.square(b)),
)
REDUCTIONS = (tf.reduce_sum, tf.reduce_mean, tf.reduce_max, tf.reduce_min, tf.reduce_prod)
RULES = (
    Author.unary,
    Author.unary,
    Author.binary,
    Author.binary,
    Author.reduction,
    Author.product,
    Author.product,
    Author.reshaping,
    Author.joining,
    Author.choosing,
    Author.gathering,
    Author.normalizing,
    Author.narrowing,
    Author.repetition,
    Author.gradient,
    Author.update,
)
