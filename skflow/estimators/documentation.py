"""The parts of docstrings that estimators share, put in where they stand."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

T = TypeVar("T", bound=type)

# For each parameter its type and what it means.
PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "hidden_units": ("sequence of int", "The sizes of the hidden layers."),
    "activation_fn": (
        "str or callable",
        """The hidden layers' activation: ``"identity"``, ``"elu"``, ``"logistic"``, ``"relu"``,
        ``"relu6"``, ``"sigmoid"``, ``"softplus"``, ``"softsign"``, ``"tanh"``, or a function
        from a tensor to a tensor.""",
    ),
    "dropout": ("float", "The part of the hidden units that each training step leaves out."),
    "optimizer": (
        "str, Optimizer or callable",
        """``"Adadelta"``, ``"Adagrad"``, ``"Adam"``, ``"Ftrl"``, ``"Momentum"``, ``"RMSProp"``
        and ``"SGD"`` make steps on batches, as do an optimizer of `skflow.train`, which is
        copied, and a class or function that is given the learning rate and returns one.
        ``"L-BFGS"`` searches over all rows at once.""",
    ),
    "linear_optimizer": (
        "str, Optimizer or callable",
        """The optimizer of the linear part: ``"Adadelta"``, ``"Adagrad"``, ``"Adam"``,
        ``"Ftrl"``, ``"Momentum"``, ``"RMSProp"``, ``"SGD"``; an optimizer of `skflow.train`, which
        is copied; or a class or function that is given the learning rate and returns one.
        ``"L-BFGS"`` for both parts searches over all rows at once.""",
    ),
    "linear_learning_rate": (
        "float or callable",
        "The step size of the linear part's optimizer: as `dnn_learning_rate`.",
    ),
    "linear_feature_columns": (
        "array-like, optional",
        "The columns that the linear part sees: a mask, positions or names; by default all.",
    ),
    "dnn_hidden_units": ("sequence of int", "The sizes of the hidden layers."),
    "dnn_activation_fn": (
        "str or callable",
        """The hidden layers' activation: ``"identity"``, ``"elu"``, ``"logistic"``, ``"relu"``,
        ``"relu6"``, ``"sigmoid"``, ``"softplus"``, ``"softsign"``, ``"tanh"``, or a function
        from a tensor to a tensor.""",
    ),
    "dnn_dropout": ("float", "The part of the hidden units that each training step leaves out."),
    "dnn_optimizer": (
        "str, Optimizer or callable",
        "The optimizer of the dense layers: as `linear_optimizer`.",
    ),
    "dnn_learning_rate": (
        "float or callable",
        """The step size of the dense layers' optimizer: a number, a schedule such as
        `skflow.estimators.schedules.ExponentialDecay`, or a function of the global step that
        builds graph.""",
    ),
    "dnn_feature_columns": (
        "array-like, optional",
        "The columns that the dense layers see: a mask, positions or names; by default all.",
    ),
    "model_fn": (
        "callable, optional",
        """Builds the graph; see the notes. Without it a linear model is fitted.""",
    ),
    "params": ("dict, optional", "Passed on to `model_fn`."),
    "learning_rate": (
        "float or callable",
        """The step size of optimizers on batches: a number, a schedule such as
        `skflow.estimators.schedules.ExponentialDecay`, or a function of the global step that
        builds graph.""",
    ),
    "l1_regularization_strength": (
        "float",
        """The charge for the sum of the weights' sizes; ``n_samples`` times the `alpha` of
        scikit-learn's `Lasso`.""",
    ),
    "l2_regularization_strength": (
        "float",
        """The charge for half the sum of the weights' squares: the `alpha` of scikit-learn's
        `Ridge`, one divided by the `C` of its `LogisticRegression`, and the `alpha` of its neural
        networks when a batch has all rows.""",
    ),
    "gradient_clip_norm": (
        "float, optional",
        "The norm that the gradients of a step, taken together, are cut down to.",
    ),
    "batch_size": (
        'int or "auto"',
        'The rows of a step; ``"auto"`` is ``min(200, n_samples)``.',
    ),
    "max_iter": ("int", "The most epochs, or iterations of L-BFGS."),
    "steps": (
        "int, optional",
        "The number of optimizer steps after which training ends, in place of `max_iter`.",
    ),
    "max_time": ("float, optional", "The seconds after which no further step is made."),
    "tol": (
        "float",
        """Training on batches ends when for `n_iter_no_change` epochs the training loss, or with
        `early_stopping` the validation score, has not improved by this much; L-BFGS ends when no
        component of the gradient is larger (for linear models in standardised units).""",
    ),
    "n_iter_no_change": ("int", "How many epochs without improvement are borne."),
    "early_stopping": (
        'bool or "auto"',
        """Whether to stop on the score of rows set aside, or of those given to `fit`; ``"auto"``
        does from 10,001 rows on. L-BFGS does not.""",
    ),
    "validation_fraction": ("float", "The part of the rows to set aside."),
    "restore_best": (
        "bool",
        """Whether training on batches ends with the weights of the epoch with the best validation
        score, or without one with the lowest training loss. Their copy takes memory.""",
    ),
    "shuffle": ("bool", "Whether each epoch takes the rows in a new order."),
    "warm_start": ("bool", "Whether `fit` starts from the weights of the last one."),
    "class_weight": (
        '{"balanced", None}, dict or list of dict',
        """What each class counts; ``"balanced"`` makes all count alike. It multiplies
        `sample_weight`.""",
    ),
    "loss": ("str or callable", ""),
    "quantile": (
        "float or sequence of float",
        """Which quantiles ``loss="quantile"`` estimates. `predict` gives the one, or of several the
        median.""",
    ),
    "categorical_features": (
        '"from_dtype", array-like or None',
        """Which columns hold categories: those of a data frame whose type says so, or a mask,
        positions or names. Categories not seen by `fit` are predicted for as well.""",
    ),
    "dtype": (
        '{None, "float32", "float64"}',
        "What to compute in; ``None`` keeps float32 and makes all else float64.",
    ),
    "random_state": (
        "int, RandomState instance or None",
        """Chooses the first weights, the rows to validate on, the order of the batches and the
        units to drop; an int makes `fit` repeatable.""",
    ),
    "model_dir": (
        "str or path-like, optional",
        """Where `fit` writes checkpoints, each training in a directory of its own. One that was
        broken off goes on from there when `fit` is called with the same parameters and data.""",
    ),
    "save_checkpoints_secs": (
        "float, optional",
        "The seconds between checkpoints; one is written at the end in any case.",
    ),
    "save_checkpoints_steps": (
        "int, optional",
        "The steps between checkpoints, in place of `save_checkpoints_secs`.",
    ),
    "keep_checkpoint_max": ("int", "How many checkpoints of a training stay."),
    "summary_steps": (
        "int, optional",
        """The steps from one look at the training to the next: with a `model_dir`, TensorBoard
        shows loss, learning rate, gradients' norms and weights; by default of every hundredth
        step, and after each epoch loss and validation score.""",
    ),
    "verbose": (
        "bool or int",
        """With 1 there is a progress bar on a terminal and in notebooks, and nothing elsewhere;
        with 2, or where tqdm is not installed, a line for each epoch.""",
    ),
}

_LOSS_OF_REGRESSORS: Final = """``"squared"``, ``"absolute"``, ``"huber"`` (a square up to an error
    of one), ``"poisson"`` and ``"gamma"`` (both for the logarithm of the mean), ``"quantile"``, or
    a function from labels and outputs, tensors of shape (n, n_outputs), to the losses of the rows,
    of shape (n,) or (n, n_outputs)."""

_LOSS_OF_CLASSIFIERS: Final = """``"log"``, ``"hinge"`` (each class against the rest), ``"focal"``,
    or a function from labels and outputs to the losses of the rows. Its outputs have the shape
    (n, n_classes), for two classes (n, 1). Its labels are 0 and 1 of that shape for two classes
    and for several labels, else the classes' numbers, of shape (n,) or (n, n_outputs)."""

_ATTRIBUTES: Final = """
    n_iter_ : int
        The epochs or iterations made.
    loss_ : float
        The last loss: the mean of a row, plus the penalties divided by the number of rows.
    loss_curve_ : list of float
        The loss of each epoch or iteration.
    validation_scores_ : list of float or None
        The score on the validation rows after each epoch: the accuracy, or the part of the
        deviance that is explained (R2 for the squared loss).
    best_iter_ : int
        The epoch, counted from 1, with the best validation score or else lowest loss.
    history_ : dict of str to list
        The course of the training, one entry an epoch, as `pandas.DataFrame` reads it.
    graph_ : Graph
        The graph that predicts.
    n_outputs_ : int
        The number of targets.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if `X` had any."""

_CLASSES: Final = """
    classes_ : ndarray of shape (n_classes,), or list of these
        The classes; a list for several targets."""


def documented(**texts: str) -> Callable[[T], T]:
    """Fill in a class's docstring: ``{parameters}``, ``{attributes}`` and ``{classes}``.

    Parameters
    ----------
    **texts : str
        What the class's own parameters mean, each as ``"type: meaning"``.

    Returns
    -------
    callable
        The decorator, to stand above `dataclasses.dataclass`.
    """

    def fill(cls: T) -> T:
        kinds = {name: (t[0], t[1].strip()) for name, t in _own(texts).items()}
        known = {**PARAMETERS, **kinds}
        shared = _LOSS_OF_CLASSIFIERS if hasattr(cls, "predict_proba") else _LOSS_OF_REGRESSORS
        known["loss"] = kinds.get("loss", (PARAMETERS["loss"][0], shared))
        lines = [
            _entry(field, *known[field.name])
            for field in sorted(dataclasses.fields(cls), key=lambda f: f.name not in _FIRST)
        ]
        # Whether the text is indented depends on Python's version.
        filled = inspect.cleandoc(cls.__doc__ or "").replace("{parameters}", "".join(lines).strip())
        filled = filled.replace("{classes}", inspect.cleandoc(_CLASSES))
        cls.__doc__ = filled.replace("{attributes}", inspect.cleandoc(_ATTRIBUTES))
        return cls

    return fill


_FIRST: Final = ("hidden_units", "dnn_hidden_units", "model_fn", "params")


def _own(texts: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    split = {name: text.partition(":") for name, text in texts.items()}
    return {name: (kind, meaning) for name, (kind, _, meaning) in split.items()}


def _entry(field: dataclasses.Field[object], kind: str, meaning: str) -> str:
    words = " ".join(meaning.split())
    text = textwrap.fill(words, 92, break_long_words=False, break_on_hyphens=False)
    body = textwrap.indent(text, " " * 4)
    return f"{field.name} : {kind}, default={_shown(field.default)}\n{body}\n"


def _shown(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)
