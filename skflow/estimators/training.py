"""A network with its objective in a graph and session of its own, kept for the next like it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.features import FeatureTensors
from skflow.estimators.heads import Head
from skflow.estimators.networks import Network
from skflow.estimators.objectives import Penalty
from skflow.estimators.recipes import Recipe
from skflow.runtime.streams import read_streams, restart_streams, write_streams

Array = NDArray[Any]
Values = dict[str, Array]

# Predictors hold no weights, training graphs in waiting hold theirs and those of an optimizer.
_MOST_PREDICTORS: Final = 64
_MOST_WAITING: Final = 8
_LARGEST_WAITING: Final = 200_000


@dataclass(frozen=True)
class Setting:
    """All that a training graph hangs on; equal settings build equal graphs.

    Attributes
    ----------
    network : Network
        Builds the network.
    head : Head
        Says what labels and outputs mean.
    penalty : Penalty
        The charge for large weights.
    weighted : bool
        Whether rows have weights.
    recipes : tuple of Recipe
        The optimizers that make a step; none for a search over all rows.
    clip_norm : float, optional
        The norm that all gradients together are cut down to.
    """

    network: Network
    head: Head
    penalty: Penalty
    weighted: bool
    recipes: tuple[Recipe, ...] = ()
    clip_norm: float | None = None

    @property
    def reusable(self) -> bool:
        """Whether a graph built today serves tomorrow.

        A search adds operations to its graph, and functions of the user's might build something
        else by then.
        """
        return bool(self.recipes) and is_plain(self)


@dataclass(frozen=True)
class State:
    """What a training needs beside the network's values to go on.

    Attributes
    ----------
    slots : dict of str to ndarray
        The optimizers' own variables by name.
    streams : dict
        Where the random streams are.
    """

    slots: Values
    streams: dict[str, Any]


class TrainingGraph:
    """A network and its objective, and the step that an optimizer makes.

    Parameters
    ----------
    setting : Setting
        What to build.

    Attributes
    ----------
    graph, session : Graph, Session
        Their own.
    feeds : list of Tensor
        The placeholders, in the order of `Rows.arrays`.
    loss : Tensor of shape ()
        The objective.
    names : list of str
        The network's variables in the order in which it makes them.
    step : callable
        Takes a batch's arrays and makes a step; gives the loss before it, and ``None``.
    read : callable
        Gives a copy of the values of the network's variables, in that order.
    """

    def __init__(self, setting: Setting) -> None:
        self.graph = tf.Graph()
        self._rate: Any = float("nan")
        self._settle: Any = None
        with self.graph.as_default():
            tf.set_random_seed(0)  # `start` gives the seed of each training
            self._build(setting)
            self.session = tf.Session(graph=self.graph)
            self._initialise = self.session.make_callable(tf.global_variables_initializer())
        self.read: Callable[[], list[Array]] = self.session.make_callable(self._variables)
        self.names = [_name(v) for v in self._variables]

    def _build(self, setting: Setting) -> None:
        network, head = setting.network, setting.head
        dtype = tf.as_dtype(network.spec.dtype)
        features = FeatureTensors.placeholders(network.spec)
        labels = head.placeholder(dtype)
        # Made in any case: the network's random numbers hang on how many operations there are.
        weights = tf.placeholder(dtype, (None,), "weights")
        self.feeds = [*features.feeds(), labels, *([weights] if setting.weighted else [])]
        objective = network.objective(features, labels, weights if setting.weighted else None, head)
        self._variables = objective.variables or _all_variables()
        self.loss = objective.loss
        self._share: tf.Variable | None = None
        if setting.penalty:
            self._share = tf.Variable(0.0, trainable=False, dtype=dtype, name="penalty_share")
            charged = tf.get_collection(tf.GraphKeys.WEIGHTS)
            if not charged:
                raise ValueError(
                    "l1_regularization_strength and l2_regularization_strength charge for the "
                    "variables in the collection tf.GraphKeys.WEIGHTS, but there are none."
                )
            self.loss = self.loss + setting.penalty(charged, self._share)
        train_op = objective.train_op
        if train_op is None and setting.recipes:
            train_op = self._train_op(setting)
        self._all_variables = _all_variables()
        if train_op is not None:
            self._train = [self.loss, train_op]

    def _train_op(self, setting: Setting) -> Any:
        """One step of all optimizers on the gradients of one loss."""
        variables = tf.trainable_variables()
        gradients = tf.gradients(self.loss, variables)
        if setting.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, setting.clip_norm)
        pairs = list(zip(gradients, variables, strict=True))
        updates, rates, settled = [], [], []
        for recipe in setting.recipes:
            mine = [(g, v) for g, v in pairs if g is not None and recipe.changes(v)]
            rates.append(recipe.rate(self.loss.dtype))
            optimizer = recipe.make(rates[-1])
            updates.append(optimizer.apply_gradients(mine))
            settled += optimizer._settled([v for _, v in mine])
        self._settle = tf.group(*settled) if settled else None
        first = setting.recipes[0].learning_rate
        self._rate = rates[0] if callable(first) else float(first)
        step = tf.train.get_global_step()
        if step is None:
            return updates[0] if len(updates) == 1 else tf.group(*updates)
        with tf.control_dependencies(updates):
            return tf.assign_add(step, 1)

    @property
    def step(self) -> Callable[..., Sequence[Any]]:
        """A function of a batch's arrays that makes one step and gives the loss before it."""
        step: Callable[..., Sequence[Any]] = self.session.make_callable(self._train, self.feeds)
        return step

    @property
    def size(self) -> int:
        """How many numbers the variables hold."""
        return sum(v.get_shape().num_elements() or 0 for v in self._all_variables)

    def rate(self) -> float:
        """The learning rate of the next step, of the first optimizer if there are several."""
        return float(self._rate if isinstance(self._rate, float) else self.session.run(self._rate))

    # ---- values ------------------------------------------------------------------------

    def named(self, values: Sequence[Array]) -> Values:
        """The network's values by their variables' names."""
        return dict(zip(self.names, values, strict=True))

    def values(self) -> Values:
        """A copy of the network's values."""
        return self.named(self.read())

    def trained(self, values: Sequence[Array]) -> Values:
        """The network's values where the trainable ones are those given."""
        with self.graph.as_default():
            names = map(_name, tf.trainable_variables())
        return {**self.values(), **dict(zip(names, values, strict=True))}

    def start(self, seed: int, rows: float, values: Mapping[str, Array]) -> None:
        """Begin a training.

        Parameters
        ----------
        seed : int
            Decides first values and whatever else is drawn.
        rows : float
            How many rows there are, or the sum of their weights.
        values : dict
            Of variables that shall not begin at random.
        """
        restart_streams(self.session, seed)
        self._initialise()
        self.load(values)
        if values and self._settle is not None:
            self.session.run(self._settle)
        self.share(rows)

    def share(self, rows: float) -> None:
        """Set by how many rows penalties are divided."""
        if self._share is not None:
            self._share.load(1.0 / rows, self.session)

    def load(self, values: Mapping[str, Array]) -> None:
        """Give variables values by their names."""
        for variable in self._all_variables:
            value = values.get(_name(variable))
            if value is not None:
                variable.load(value, self.session)

    def state(self) -> State:
        """What a later training needs beside the network's values to go on."""
        others = [v for v in self._all_variables if v not in self._variables]
        slots = dict(zip(map(_name, others), self.session.run(others), strict=True))
        return State(slots, read_streams(self.session))

    def restore_streams(self, streams: Mapping[str, Any]) -> None:
        """Draw what a training would have drawn next; with another network all is drawn anew."""
        if streams.keys() == read_streams(self.session).keys():
            write_streams(self.session, streams)

    def everything(self) -> Values:
        """A copy of the values of all variables, slots and all."""
        values = self.session.run(self._all_variables)
        return dict(zip(map(_name, self._all_variables), values, strict=True))

    def close(self) -> None:
        """Free the session's memory."""
        self.session.close()


_waiting: dict[Setting, TrainingGraph] = {}


@contextmanager
def training_graph(setting: Setting) -> Iterator[TrainingGraph]:
    """A training graph, one that is there already if possible.

    Parameters
    ----------
    setting : Setting
        What to build.

    Yields
    ------
    TrainingGraph
        Nobody else has it at the same time. `start` or `restore` it first.

    Notes
    -----
    Building and compiling takes longer than many a training: those of small networks wait for the
    next fit of the same setting, a few at a time. Where functions of the user's had a part
    in it they do not, since these might build something else today.
    """
    # Taking an item out and putting one in are atomic, which threads need, and forked children.
    graph = _waiting.pop(setting, None) if setting.reusable else None
    graph = TrainingGraph(setting) if graph is None else graph
    try:
        yield graph
    except BaseException:
        graph.close()
        raise
    if not setting.reusable or graph.size > _LARGEST_WAITING:
        graph.close()
        return
    _waiting[setting] = graph
    for oldest in list(_waiting)[:-_MOST_WAITING]:
        dropped = _waiting.pop(oldest, None)
        if dropped is not None:
            dropped.close()


def is_plain(value: Any) -> bool:
    """Whether a value is made of numbers, names and records alone.

    Parameters
    ----------
    value : object
        For instance a `Setting`.

    Returns
    -------
    bool
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return True
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return all(is_plain(getattr(value, f.name)) for f in fields)
    return False


class Predictor(NamedTuple):
    """A network compiled for predictions.

    Attributes
    ----------
    run : callable
        ``run(*features.arrays(), *values)`` gives an array of shape (n, outputs).
    names : list of str
        The names of the variables in the order in which it takes their values.
    graph : Graph
        Where it stands.
    """

    run: Callable[..., Array]
    names: list[str]
    graph: tf.Graph


@lru_cache(maxsize=_MOST_PREDICTORS)
def predictor(network: Network) -> Predictor:
    """The compiled network.

    Parameters
    ----------
    network : Network
        Builds the network.

    Returns
    -------
    Predictor

    Notes
    -----
    The weights are fed, so that models of one architecture share one plan and none can be out of
    date.
    """
    graph = tf.Graph()
    with graph.as_default():
        features = FeatureTensors.placeholders(network.spec)
        outputs = network(features, training=False)
        variables = _all_variables()
        feeds = [*features.feeds(), *(v.value() for v in variables)]
    run = tf.Session(graph=graph).make_callable(outputs, feeds)
    return Predictor(run, [_name(v) for v in variables], graph)


def all_finite(arrays: Sequence[Array]) -> bool:
    """Whether no number is infinite or not a number."""
    return all(bool(np.isfinite(a).all()) for a in arrays if a.dtype.kind == "f")


def _all_variables() -> list[Any]:
    return list(tf.global_variables())


def _name(variable: Any) -> str:
    return str(variable.name).removesuffix(":0")
