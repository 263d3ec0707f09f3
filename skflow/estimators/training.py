"""A network with its objective in a graph and session of its own, kept for the next like it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
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
from skflow.runtime.threads import blas_guard

Array = NDArray[Any]
Values = dict[str, Array]

# Predictors hold no weights, training graphs in waiting hold theirs and those of an optimizer:
# so many numbers all together at most.
_MOST_PREDICTORS: Final = 32
_MOST_WAITING: Final = 8
_MOST_NUMBERS: Final = 500_000

# Bytes of memory to work in that the two keep for their next run, and plans for how many shapes.
_KEPT_TRAINING: Final = (1 << 19, 8)
_KEPT_PREDICTING: Final = (1 << 14, 64)


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

    def check_leaves_alone(self) -> None:
        """Raise if something is asked for that a step of the network's own does not do."""
        if self.penalty or self.clip_norm is not None or not self.recipes:
            raise ValueError(
                "l1_regularization_strength, l2_regularization_strength, gradient_clip_norm and "
                "optimizer='L-BFGS' have no effect on the train_op that model_fn returned."
            )


@dataclass(frozen=True)
class State:
    """What a training needs beside the network's values to go on.

    Attributes
    ----------
    slots : dict of str to ndarray
        The optimizers' own variables by name.
    streams : dict
        Where the random streams are.
    rates : list of float
        The optimizers' learning rates.
    """

    slots: Values
    streams: dict[str, Any]
    rates: list[float]


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
    all_names : list of str
        All variables, those of optimizers too.
    size : int
        How many numbers they hold.
    scopes : list of str
        What the names of the variables begin with that each optimizer changes.
    step : callable
        Takes a batch's arrays and makes a step; gives the loss before it, and ``None``.
    read : callable
        Gives a copy of the values of the network's variables, in that order.
    """

    def __init__(self, setting: Setting) -> None:
        self.graph = tf.Graph()
        self._rates: list[float | tf.Tensor] = []
        self.scopes: list[str] = []
        self._settle: Any = None
        self._meta: bytes | None = None
        self._gradients: dict[str, Any] = {}
        self._watched: Callable[..., Sequence[Any]] | None = None
        with self.graph.as_default():
            tf.set_random_seed(0)  # `start` gives the seed of each training
            self._build(setting)
            self.session = tf.Session(graph=self.graph)
            self._initialise = self.session.make_callable(tf.global_variables_initializer())
        if self._train is not None:
            self.step: Callable[..., Sequence[Any]] = self.session.make_callable(
                self._train, self.feeds
            )
        self.read: Callable[[], list[Array]] = self.session.make_callable(self._variables)
        self.names = [_name(v) for v in self._variables]
        self.all_names = [_name(v) for v in self._all_variables]
        self.size = sum(v.get_shape().num_elements() or 0 for v in self._all_variables)

    def _build(self, setting: Setting) -> None:
        network, head = setting.network, setting.head
        self._in_order = network.draws_in_order
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
        if train_op is not None:
            setting.check_leaves_alone()
        elif setting.recipes:
            train_op = self._train_op(setting)
        self._all_variables = _all_variables()
        self._train = None if train_op is None else [self.loss, train_op]

    def _train_op(self, setting: Setting) -> Any:
        """One step of all optimizers on the gradients of one loss."""
        variables = tf.trainable_variables()
        gradients = tf.gradients(self.loss, variables)
        named = zip(variables, gradients, strict=True)
        self._gradients = {_name(v): g for v, g in named if g is not None}
        if setting.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, setting.clip_norm)
        pairs = list(zip(gradients, variables, strict=True))
        updates, settled = [], []
        for recipe in setting.recipes:
            mine = [(g, v) for g, v in pairs if g is not None and recipe.changes(v)]
            rate = recipe.rate(self.loss.dtype)
            optimizer = recipe.make(rate)
            self.scopes.append(recipe.scope)
            self._rates.append(recipe.rate_of(optimizer, rate))
            updates.append(optimizer.apply_gradients(mine))
            settled += optimizer._settled([v for _, v in mine])
        self._settle = tf.group(*settled) if settled else None
        step = tf.train.get_global_step()
        if step is None:
            return updates[0] if len(updates) == 1 else tf.group(*updates)
        with tf.control_dependencies(updates):
            return tf.assign_add(step, 1)

    def watched_step(self) -> Callable[..., Sequence[Any]]:
        """A function that makes a step as `step` does, and tells more of it.

        Returns
        -------
        callable
            Gives the loss, ``None``, and half the squares of the gradients' norms by name, before
            any clipping; all before the step.
        """
        if self._watched is None:
            with self.graph.as_default(), tf.name_scope("watch"):
                halves = {
                    name: tf.nn.l2_loss(g.values if isinstance(g, tf.IndexedSlices) else g)
                    for name, g in self._gradients.items()
                }
            assert self._train is not None
            self._watched = self.session.make_callable([*self._train, halves], self.feeds)
        return self._watched

    @property
    def threads(self) -> int:
        """How many threads a step may use."""
        return self.session._state.threads

    def rates(self) -> list[float]:
        """The learning rates of the next step."""
        rates = self._rates
        return [r if isinstance(r, float) else float(self.session.run(r)) for r in rates]

    def rate(self) -> float:
        """The first one of them; not a number if the network brings its own step."""
        return next(iter(self.rates()), math.nan)

    # ---- values ------------------------------------------------------------------------

    def named(self, values: Sequence[Array]) -> Values:
        """The network's values by their variables' names."""
        return dict(zip(self.names, values, strict=True))

    def values(self) -> Values:
        """A copy of the network's values."""
        return self.named(self.read())

    def live_values(self) -> Values:
        """The network's values where they lie: they change with the next step."""
        state = self.session._state
        return self.named([state.variable(v.op).read() for v in self._variables])

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the network's variables by name."""
        shapes = [tuple(v.get_shape().as_list()) for v in self._variables]
        return dict(zip(self.names, shapes, strict=True))

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
        self.restart(seed)
        self._initialise()
        self.release()
        self.load(values)
        self.settle()
        self.share(rows)

    def restart(self, seed: int) -> None:
        """Begin all random streams again, from a seed."""
        restart_streams(self.session, seed)
        if self._in_order:
            # First values come first: they are the same with dropout and without.
            names = sorted(read_streams(self.session), key=lambda n: "/Initializer/" not in n)
            streams = {name: np.array([seed, place, 0]) for place, name in enumerate(names)}
            write_streams(self.session, streams)

    def settle(self) -> None:
        """Let slots that alone tell a variable's next value agree with the one that it has."""
        if self._settle is not None:
            self.session.run(self._settle)

    def share(self, rows: float) -> None:
        """Set by how many rows penalties are divided."""
        if self._share is not None:
            self._share.load(1.0 / rows, self.session)

    def load(self, values: Mapping[str, Array]) -> None:
        """Give variables values by their names."""
        named = zip(self.all_names, self._all_variables, strict=True)
        given = [(v, values[name]) for name, v in named if name in values]
        first = {v.initializer.inputs[1]: value for v, value in given}
        if len(first) == len(self.all_names):  # all, and none begins as another one
            self.session.run([v.initializer for v, _ in given], first)
        else:
            for variable, value in given:
                variable.load(value, self.session)

    def state(self) -> State:
        """What a later training needs beside the network's values to go on."""
        others = [v for v in self._all_variables if v not in self._variables]
        slots = dict(zip(map(_name, others), self.session.run(others), strict=True))
        return State(slots, self.streams(), self.rates())

    def streams(self) -> dict[str, Array]:
        """Where the random streams are."""
        return read_streams(self.session)

    def restore_streams(self, streams: Mapping[str, Any]) -> None:
        """Draw what a training would have drawn next, unless that was of another network."""
        if streams.keys() == read_streams(self.session).keys():
            write_streams(self.session, streams)

    def everything(self) -> Values:
        """A copy of the values of all variables, slots and all."""
        return dict(zip(self.all_names, self.session.run(self._all_variables), strict=True))

    @property
    def meta(self) -> bytes:
        """The meta graph, with a saver for all variables."""
        if self._meta is None:
            with self.graph.as_default():
                self._meta = tf.train.Saver().export_meta_graph().SerializeToString()
        return self._meta

    def release(self) -> None:
        """Free the memory that steps work in, if it is much; the next step takes new memory."""
        self.session._release(*_KEPT_TRAINING)

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
    reusable = setting.reusable
    graph = _waiting.pop(setting, None) if reusable else None
    graph = TrainingGraph(setting) if graph is None else graph
    try:
        # Entering it for the whole training makes it cheap to enter for each step.
        with blas_guard:
            yield graph
    except BaseException:
        graph.close()
        raise
    if reusable:
        graph.release()
        _waiting[setting] = graph
        _limit_waiting()
    else:
        graph.close()


def _limit_waiting() -> None:
    """Close the training graphs that have waited longest, if there are too many numbers."""
    count, numbers = 0, 0
    for setting, graph in reversed(list(_waiting.items())):
        count, numbers = count + 1, numbers + graph.size
        if count > _MOST_WAITING or numbers > _MOST_NUMBERS:
            dropped = _waiting.pop(setting, None)
            if dropped is not None:
                dropped.close()


def is_plain(value: Any) -> bool:
    """Whether a value is made of numbers, names and records of this package alone.

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
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("skflow."):
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
    release : callable
        ``release()`` frees the memory that runs have worked in, if it is much.
    """

    run: Callable[..., Array]
    names: list[str]
    graph: tf.Graph
    release: Callable[[], None]


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
    session = tf.Session(graph=graph)
    run = session.make_callable(outputs, feeds)
    release = partial(session._release, *_KEPT_PREDICTING)
    return Predictor(run, [_name(v) for v in variables], graph, release)


def all_finite(arrays: Sequence[Array]) -> bool:
    """Whether no number is infinite or not a number."""
    return all(bool(np.isfinite(a).all()) for a in arrays if a.dtype.kind == "f")


def _all_variables() -> list[Any]:
    return list(tf.global_variables())


def _name(variable: Any) -> str:
    return str(variable.name).removesuffix(":0")
