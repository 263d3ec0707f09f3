"""Networks that a function of the user's builds, as TF.Learn's `model_fn` did."""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

import skflow as tf
from skflow.estimators.classification_heads import (
    BinaryHead,
    ClassificationHead,
    MultilabelHead,
)
from skflow.estimators.features import FeatureSpec, FeatureTensors
from skflow.estimators.heads import Head
from skflow.estimators.networks import Network, Objective
from skflow.estimators.training import predictor

# What a row is assumed to become inside of a network that nobody knows.
_WIDTH: Final = 1024

# The keys of predictions among which the outputs are looked for.
_OUTPUTS: Final = ("logits", "outputs", "predictions", "scores")


class ModeKeys(StrEnum):
    """What a graph is built for."""

    TRAIN = "train"
    PREDICT = "infer"


@dataclass(frozen=True)
class EstimatorSpec:
    """What a `model_fn` returns.

    Attributes
    ----------
    mode : str
        The mode that it was called with.
    predictions : Tensor or dict of str to Tensor
        The outputs: a tensor of shape (n, outputs) or (n,), or under the key ``"logits"``,
        ``"outputs"``, ``"predictions"`` or ``"scores"``. Those of classifiers are log odds, or
        under the key ``"probabilities"`` probabilities: of all classes, of the second of two, or of
        each label.
    loss : Tensor of shape (), (n,) or (n, k), optional
        What training minimises, or the loss of each row, which is the sum of several if there are
        k. Without it the estimator's `loss` is applied to the outputs.
    train_op : Operation or Tensor, optional
        A step of training. Without it the estimator's `optimizer` makes one.
    """

    mode: str
    predictions: Any = None
    loss: Any = None
    train_op: Any = None


@dataclass(frozen=True, eq=False)
class GraphNetwork(Network):
    """A network that a function builds.

    Attributes
    ----------
    head : Head
        What its outputs mean.
    model_fn : callable
        The function.
    params : dict
        What it is given as `params`.
    digest : str
        Tells the graphs for predictions apart that the function builds as time goes by.
    """

    head: Head
    model_fn: Callable[..., Any]
    params: Mapping[str, Any]
    digest: str = ""

    @classmethod
    def of(
        cls, spec: FeatureSpec, head: Head, model_fn: Callable[..., Any], params: Mapping[str, Any]
    ) -> GraphNetwork:
        """The network as the function builds it now.

        Parameters
        ----------
        spec : FeatureSpec
            What the network is fed.
        head, model_fn, params
            The attributes of these names.

        Returns
        -------
        GraphNetwork
        """
        network = cls(spec, head.outputs, head, model_fn, params)
        return replace(network, digest=_digest(network))

    def __hash__(self) -> int:
        return hash((self.spec, self.outputs, self.head, self.digest))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, GraphNetwork)
            and (self.spec, self.outputs, self.head) == (other.spec, other.outputs, other.head)
            and (self.digest, self.model_fn) == (other.digest, other.model_fn)
            and _same(self.params, other.params)
        )

    @property
    def draws_in_order(self) -> bool:
        """The function may have given seeds."""
        return False

    @property
    def width(self) -> int:
        """A guess."""
        return max(self.spec.numeric, self.outputs, _WIDTH)

    def __call__(self, features: FeatureTensors, *, training: bool) -> tf.Tensor:
        """Make the variables and return the outputs."""
        del training
        return self._outputs(self._called(features, None, None, ModeKeys.PREDICT))

    def objective(
        self,
        features: FeatureTensors,
        labels: tf.Tensor,
        weights: tf.Tensor | None,
        head: Head,
    ) -> Objective:
        """Make the variables and return what training minimises."""
        tf.train.get_or_create_global_step()
        found = self._called(features, labels, weights, ModeKeys.TRAIN)
        if found.loss is None:
            loss = head.mean_loss(labels, self._outputs(found), weights)
        else:
            loss = self._mean(tf.convert_to_tensor(found.loss), weights)
        if found.train_op is not None and weights is not None and not self._takes_weights():
            raise ValueError(
                "sample_weight has no effect on the train_op that model_fn returned: let it take "
                "`weights`."
            )
        if found.train_op is None and not tf.trainable_variables():
            raise ValueError("model_fn makes no trainable variables and returned no train_op.")
        return Objective(loss, found.train_op, self._needed())

    def _called(
        self,
        features: FeatureTensors,
        labels: tf.Tensor | None,
        weights: tf.Tensor | None,
        mode: ModeKeys,
    ) -> EstimatorSpec:
        """What the function returns."""
        given: Any = features.numeric
        if features.codes is not None:
            given = {"numeric": features.numeric, "codes": features.codes}
        # A function that changes them must not change what the next graph is built from.
        params = {"n_outputs": self.outputs, **copy.deepcopy(dict(self.params))}
        extra = {"weights": weights} if self._takes_weights() else {}
        found = self.model_fn(given, labels, mode, params, **extra)
        if not isinstance(found, EstimatorSpec):
            raise TypeError(f"model_fn must return an EstimatorSpec, got {found!r}.")
        return found

    def _takes_weights(self) -> bool:
        return "weights" in inspect.signature(self.model_fn).parameters

    def _mean(self, loss: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
        """The mean of a loss of each row; a single loss is taken as it is."""
        shape = loss.get_shape()
        if not loss.dtype.is_floating or shape.ndims not in (0, 1, 2):
            raise ValueError(
                "The loss that model_fn returned must be a number, or a number or several for each "
                f"row, got a tensor of {loss.dtype.name} of shape {shape}."
            )
        if shape.ndims == 0:
            if weights is not None and not self._takes_weights():
                raise ValueError(
                    "sample_weight has no effect on the single loss that model_fn returned: let "
                    "it return the loss of each row, of shape (n,), or take `weights`."
                )
            return loss
        if shape.ndims == 2:
            loss = tf.reduce_sum(loss, 1)
        if weights is not None and not self._takes_weights():
            loss = loss * weights
        mean: tf.Tensor = tf.reduce_mean(loss)
        return mean

    def _outputs(self, found: EstimatorSpec) -> tf.Tensor:
        """The outputs among the predictions, of shape (n, outputs)."""
        predictions = found.predictions
        if predictions is None:
            raise ValueError("The EstimatorSpec that model_fn returned has no predictions.")
        if not isinstance(predictions, Mapping):
            return self._shaped(predictions)
        for key in _OUTPUTS:
            if key in predictions:
                return self._shaped(predictions[key])
        if "probabilities" in predictions and isinstance(self.head, ClassificationHead):
            return self._log_odds(predictions["probabilities"])
        raise ValueError(
            f"model_fn's predictions must have one of the keys {', '.join(_OUTPUTS)}, got "
            f"{', '.join(map(str, predictions))}."
        )

    def _log_odds(self, probabilities: Any) -> tf.Tensor:
        given = tf.convert_to_tensor(probabilities)
        logs, shape = tf.log(given), given.get_shape()
        if isinstance(self.head, BinaryHead) and shape.ndims == 2 and shape[1].value == 2:
            first, second = tf.unstack(logs, axis=1)
            return self._shaped(second - first)
        if isinstance(self.head, (BinaryHead, MultilabelHead)):
            return self._shaped(logs - tf.log1p(-given))
        return self._shaped(logs)

    def _shaped(self, outputs: Any) -> tf.Tensor:
        found: tf.Tensor = tf.convert_to_tensor(outputs)
        if found.get_shape().ndims == 1:
            found = tf.expand_dims(found, 1)
        if not found.get_shape().is_compatible_with([None, self.outputs]):
            raise ValueError(
                f"model_fn's predictions must have the shape (n, {self.outputs}), got "
                f"{found.get_shape()}."
            )
        kind = tf.as_dtype(self.spec.dtype)
        if found.dtype.base_dtype != kind:
            raise TypeError(
                f"model_fn's predictions must be of the features' type {kind.name}, got "
                f"{found.dtype.name}."
            )
        found.set_shape([None, self.outputs])
        return found

    def _needed(self) -> list[Any]:
        """The variables that predictions need, in the order in which they take them."""
        made = {v.name: v for v in tf.global_variables()}
        wanted = predictor(self).graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
        train, infer = f"in mode {ModeKeys.TRAIN.value!r}", f"in mode {ModeKeys.PREDICT.value!r}"
        for variable in wanted:
            name = variable.name.removesuffix(":0")
            if variable.name not in made:
                raise ValueError(f"model_fn makes the variable {name!r} {infer} but not {train}.")
            looks = [
                f"{v.dtype.base_dtype.name} {v.get_shape()}"
                for v in (made[variable.name], variable)
            ]
            if looks[0] != looks[1]:
                raise ValueError(
                    f"The variable {name!r} that model_fn makes is {looks[0]} {train} but "
                    f"{looks[1]} {infer}."
                )
        return [made[variable.name] for variable in wanted]


def _digest(network: GraphNetwork) -> str:
    """A digest of the graph that a network's function builds for predictions."""
    with tf.Graph().as_default() as graph:
        network(FeatureTensors.placeholders(network.spec), training=False)
    definition = graph.as_graph_def()
    for node in definition.node:
        node.attr.pop("token", None)  # of a Python function, another one each time
    return hashlib.sha256(definition.SerializeToString(deterministic=True)).hexdigest()


def _same(a: Any, b: Any) -> bool:
    """Whether two values are alike, the arrays in them included."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray):
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return False
        return _same(a.tolist(), b.tolist()) if a.dtype == object else a.tobytes() == b.tobytes()
    try:
        return bool(a == b)
    except ValueError:  # not one answer but many, as from data frames
        return False
