"""The networks that estimators fit: functions from tensors of features to one of outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.features import FeatureSpec, FeatureTensors
from skflow.estimators.heads import Head
from skflow.nn.layers import Activation, dense

Array = NDArray[Any]

ACTIVATIONS: Final[Mapping[str, Activation | None]] = {
    "identity": None,
    "elu": tf.nn.elu,
    "logistic": tf.nn.sigmoid,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "sigmoid": tf.nn.sigmoid,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "tanh": tf.nn.tanh,
}


@dataclass(frozen=True)
class Objective:
    """What a network is trained on.

    Attributes
    ----------
    loss : Tensor of shape ()
        The mean loss of a row.
    train_op : Operation or Tensor, optional
        A step of training, where the network brings its own.
    variables : list of Variable, optional
        Those that predictions need; by default all that there are.
    """

    loss: tf.Tensor
    train_op: Any = None
    variables: list[Any] | None = None


@dataclass(frozen=True)
class Network(ABC):
    """Builds a network into the default graph.

    Networks are hashable, and equal ones build equal graphs: predictions of all models of one
    architecture share a compiled plan, which is fed their weights.

    Attributes
    ----------
    spec : FeatureSpec
        What the network is fed.
    outputs : int
        The number of outputs of a row.
    """

    spec: FeatureSpec
    outputs: int

    @property
    @abstractmethod
    def width(self) -> int:
        """The most numbers that one row becomes on its way."""

    @property
    def output_biases(self) -> str | None:
        """The name of the variable that is added last to the outputs, if there is one."""
        return None

    @property
    def draws_in_order(self) -> bool:
        """Whether the order of its random operations tells what they draw.

        Else their seeds tell it, which hang on how many operations there are: with sparse
        features, or with dropout, these are more, and other first weights come out.
        """
        return True

    @abstractmethod
    def __call__(self, features: FeatureTensors, *, training: bool) -> tf.Tensor:
        """Make the variables and return the outputs, of shape (n, outputs).

        Parameters
        ----------
        features : FeatureTensors
            The rows.
        training : bool
            Whether to drop units out, and whatever else only training does.

        Returns
        -------
        Tensor of shape (n, outputs)
        """

    def objective(
        self,
        features: FeatureTensors,
        labels: tf.Tensor,
        weights: tf.Tensor | None,
        head: Head,
    ) -> Objective:
        """Make the variables and return what training minimises.

        Parameters
        ----------
        features : FeatureTensors
            The rows.
        labels : Tensor of shape (n, *head.label_shape)
            What is wanted of them.
        weights : Tensor of shape (n,), optional
            How much each row counts, one on average.
        head : Head
            What labels and outputs mean.

        Returns
        -------
        Objective
        """
        outputs = self(features, training=True)
        return Objective(head.mean_loss(labels, outputs, weights))


@dataclass(frozen=True)
class Linear(Network):
    """A weighted sum of the numeric features, and a weight for each category.

    The category weights of all columns lie in one table, those of a column one after the other
    and then one for categories not seen. They and all others start at zero: the objective is
    convex, it needs no random start.
    """

    @property
    def width(self) -> int:
        """The outputs, or the weights of a row's categories."""
        return self.outputs * max(1, len(self.spec.categories))

    @property
    def output_biases(self) -> str:
        """The constant terms."""
        return "linear/biases"

    def __call__(self, features: FeatureTensors, *, training: bool) -> tf.Tensor:
        """Make the variables and return the outputs."""
        del training
        spec, dtype = self.spec, tf.as_dtype(self.spec.dtype)
        zeros = tf.zeros_initializer(dtype)
        terms: list[tf.Tensor] = []
        with tf.variable_scope("linear"):
            if spec.numeric:
                shape = (spec.numeric, self.outputs)
                terms.append(_times(features.numeric, _weights("weights", shape, dtype, zeros)))
            if features.codes is not None:
                shape = (sum(spec.categories) + len(spec.categories), self.outputs)
                table = _weights("category_weights", shape, dtype, zeros)
                rows = tf.nn.embedding_lookup(table, features.codes + _offsets(spec))
                terms.append(tf.reduce_sum(rows, 1))
            biases = tf.get_variable("biases", (self.outputs,), dtype, zeros)
        total = terms[0] if len(terms) == 1 else tf.add_n(terms)
        return tf.nn.bias_add(total, biases)

    def values(self, weights: Array, biases: Array) -> dict[str, Array]:
        """The variables' values for a model of `Features.encoded`.

        Parameters
        ----------
        weights : ndarray of shape (spec.encoded_columns, outputs)
            The weights of the numeric features, and then of each category.
        biases : ndarray of shape (outputs,)
            The constant terms.

        Returns
        -------
        dict of str to ndarray
        """
        spec, found = self.spec, {}
        parts = np.split(weights, np.cumsum((spec.numeric, *spec.categories))[:-1])
        if spec.numeric:
            found["linear/weights"] = np.ascontiguousarray(parts[0])
        if spec.categories:
            unseen = np.zeros((1, self.outputs), weights.dtype)
            table = [rows for part in parts[1:] for rows in (part, unseen)]
            found["linear/category_weights"] = np.concatenate(table)
        return {**found, "linear/biases": biases}

    def weights(self, values: Mapping[str, Array]) -> Array:
        """The weights of a model of `Features.encoded`: the inverse of `values`."""
        spec, parts = self.spec, []
        if spec.numeric:
            parts.append(values["linear/weights"])
        if spec.categories:
            unseen = np.cumsum([count + 1 for count in spec.categories]) - 1
            parts.append(np.delete(values["linear/category_weights"], unseen, axis=0))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True)
class FeedForward(Network):
    """Dense layers one after the other, on the features and on embeddings of the categories.

    Attributes
    ----------
    hidden_units : tuple of int
        The sizes of the hidden layers.
    activation : str or callable
        The hidden layers' activation: a name in `ACTIVATIONS` or a function of a tensor.
    dropout : float
        The part of the hidden units that a training step leaves out.

    References
    ----------
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010, for the first weights. Rectifiers get the same: with larger ones (He et
    al. 2015) the held-out R2 on the California housing data was lower by 0.01.

    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, Dropout: a simple
    way to prevent neural networks from overfitting, Journal of Machine Learning Research 15
    (2014), 1929-1958.
    """

    hidden_units: tuple[int, ...]
    activation: str | Callable[..., Any] | None = "relu"
    dropout: float = 0.0

    @property
    def width(self) -> int:
        """The widest layer; features count if they are put together with embeddings."""
        sizes = embedding_sizes(self.spec)
        inputs = self.spec.numeric + sum(sizes) if sizes else 0
        return max(inputs, self.outputs, *self.hidden_units)

    @property
    def output_biases(self) -> str:
        """The biases of the last layer."""
        return "dnn/logits/biases"

    def __call__(self, features: FeatureTensors, *, training: bool) -> tf.Tensor:
        """Make the variables and return the outputs."""
        with tf.variable_scope("dnn"):
            values: Any = self._input_layer(features)
            for i, units in enumerate(self.hidden_units):
                values = dense(values, units, self._activation(), name=f"hiddenlayer_{i}")
                if training and self.dropout:
                    values = tf.nn.dropout(values, keep_prob=1.0 - self.dropout)
            return dense(values, self.outputs, name="logits")

    def _input_layer(self, features: FeatureTensors) -> Any:
        """The numeric features and the embeddings, side by side."""
        if features.codes is None:
            return features.numeric
        dtype = tf.as_dtype(self.spec.dtype)
        parts: list[Any] = [features.numeric] if self.spec.numeric else []
        columns = tf.unstack(features.codes, axis=1)
        sizes = embedding_sizes(self.spec)
        for j, (codes, count, size) in enumerate(
            zip(columns, self.spec.categories, sizes, strict=True)
        ):
            table = tf.get_variable(
                f"embedding_{j}", (count + 1, size), dtype, initializer=_embeddings
            )
            parts.append(tf.nn.embedding_lookup(table, codes))
        return parts[0] if len(parts) == 1 else tf.concat(parts, 1)

    def _activation(self) -> Activation | None:
        chosen = self.activation
        if chosen is None or isinstance(chosen, str):
            return None if chosen is None else ACTIVATIONS[chosen]
        return lambda values: _activated(chosen, values)


@dataclass(frozen=True)
class WideAndDeep(Network):
    """The sum of a linear model and dense layers, each on features of its own choice.

    Attributes
    ----------
    wide : Linear
        The linear part.
    deep : FeedForward
        The dense layers.
    wide_columns, deep_columns : pair of tuples of int, optional
        The numeric and the categorical columns that each part sees; by default all.

    References
    ----------
    H.-T. Cheng et al., Wide & deep learning for recommender systems, 1st Workshop on Deep Learning
    for Recommender Systems, 2016.
    """

    wide: Linear
    deep: FeedForward
    wide_columns: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    deep_columns: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def width(self) -> int:
        """That of the wider part; features count if some of them are picked out."""
        picked = self.wide_columns is not None or self.deep_columns is not None
        return max(self.wide.width, self.deep.width, self.spec.numeric if picked else 0)

    @property
    def output_biases(self) -> str:
        """Those of the linear part."""
        return self.wide.output_biases

    def __call__(self, features: FeatureTensors, *, training: bool) -> tf.Tensor:
        """Make the variables and return the outputs."""
        wide = self.wide(chosen(features, self.wide_columns), training=training)
        deep = self.deep(chosen(features, self.deep_columns), training=training)
        total: tf.Tensor = wide + deep
        return total


def chosen(
    features: FeatureTensors, columns: tuple[tuple[int, ...], tuple[int, ...]] | None
) -> FeatureTensors:
    """Some columns of the features.

    Parameters
    ----------
    features : FeatureTensors
        All of them.
    columns : pair of tuples of int, optional
        The numeric and the categorical columns to keep; by default all.

    Returns
    -------
    FeatureTensors
    """
    if columns is None:
        return features
    numeric, categorical = columns
    codes = None
    if features.codes is not None and categorical:
        codes = _gathered(features.codes, categorical)
    spec = chosen_spec(features.spec, columns)
    return FeatureTensors(spec, _gathered(features.numeric, numeric), codes, ())


def chosen_spec(
    spec: FeatureSpec, columns: tuple[tuple[int, ...], tuple[int, ...]] | None
) -> FeatureSpec:
    """What some columns of the features look like.

    Parameters
    ----------
    spec : FeatureSpec
        All of them.
    columns : pair of tuples of int, optional
        As in `chosen`.

    Returns
    -------
    FeatureSpec
    """
    if columns is None:
        return spec
    numeric, categorical = columns
    categories = tuple(spec.categories[j] for j in categorical)
    return replace(spec, numeric=len(numeric), categories=categories)


def embedding_sizes(spec: FeatureSpec) -> list[int]:
    """How many numbers stand for a category of each column.

    Parameters
    ----------
    spec : FeatureSpec
        Knows the categories.

    Returns
    -------
    list of int

    Notes
    -----
    ``1.6 * categories ** 0.56``, at most 50: few categories get nearly a number each, many share.
    """
    return [max(1, min(50, round(1.6 * count**0.56))) for count in spec.categories]


def _activated(activation: Callable[..., Any], values: tf.Tensor) -> tf.Tensor:
    """What a function of the user's makes of a layer."""
    found = activation(values)
    if not isinstance(found, tf.Tensor):
        raise TypeError(
            f"The function given as `activation_fn` must return a tensor, got {found!r}."
        )
    return found


def _embeddings(shape: Any, dtype: Any = None, partition_info: Any = None) -> tf.Tensor:
    """Random vectors about as long as one standardised feature, zeros for what was not seen."""
    del partition_info
    count, size = (int(d) for d in shape)
    known = tf.truncated_normal((count - 1, size), stddev=size**-0.5, dtype=dtype)
    return tf.concat([known, tf.zeros((1, size), dtype)], 0)


def _weights(name: str, shape: tuple[int, int], dtype: Any, initializer: Any) -> Any:
    """A variable that penalties apply to."""
    collections = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.WEIGHTS]
    return tf.get_variable(name, shape, dtype, initializer, collections=collections)


def _times(features: Any, weights: Any) -> tf.Tensor:
    if isinstance(features, tf.SparseTensor):
        return tf.sparse_tensor_dense_matmul(features, weights)
    return tf.matmul(features, weights)


def _offsets(spec: FeatureSpec) -> list[int]:
    """Where each column's categories begin in the table of all."""
    starts = [0]
    for count in spec.categories[:-1]:
        starts.append(starts[-1] + count + 1)
    return starts


def _gathered(values: Any, columns: tuple[int, ...]) -> Any:
    width = values.get_shape()[1].value
    if columns == tuple(range(width)):
        return values
    if isinstance(values, tf.SparseTensor):
        return _gathered_sparse(values, columns, width)
    return tf.transpose(tf.gather(tf.transpose(values), np.array(columns, np.int32)))


def _gathered_sparse(
    values: tf.SparseTensor, columns: tuple[int, ...], width: int
) -> tf.SparseTensor:
    """Some columns of a sparse tensor, in ascending order so that its entries stay in order."""
    places = np.full(width, -1, np.int64)
    places[list(columns)] = np.arange(len(columns))
    moved = tf.gather(places, values.indices[:, 1])
    kept = tf.greater_equal(moved, 0)
    rows = tf.boolean_mask(values.indices[:, 0], kept)
    indices = tf.stack([rows, tf.boolean_mask(moved, kept)], axis=1)
    shape = tf.stack([values.dense_shape[0], len(columns)])
    return tf.SparseTensor(indices, tf.boolean_mask(values.values, kept), shape)
