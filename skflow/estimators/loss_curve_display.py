"""The course of a training as a plot, in scikit-learn's Display style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from sklearn.utils._optional_dependencies import check_matplotlib_support

from skflow.estimators.display import axes_for, course_of, style

_LOSS: Final = {"color": "tab:blue"}
_SCORE: Final = {"color": "tab:orange"}
_RATE: Final = {"color": "tab:green", "linestyle": "--"}
_BEST: Final = {"color": "tab:gray", "linestyle": ":"}

# The axis of the learning rate stands beside that of the score.
_ASIDE: Final = 1.18


class LossCurveDisplay:
    """Losses, validation scores and learning rates by epoch.

    It is recommended to use `LossCurveDisplay.from_estimator` to create one.

    Parameters
    ----------
    history : dict of str to list
        Columns of equal length: ``"epoch"``, ``"loss"``, and ``"validation_score"`` and
        ``"learning_rate"`` if there are any, as in the `history_` of an estimator.
    best_iter : int, optional
        The epoch whose values the model has.
    name : str, optional
        What is told apart by it where several are drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the losses.
    figure_ : matplotlib Figure
        The figure.
    line_ : matplotlib Artist
        The losses.
    score_ax_, score_line_ : matplotlib Axes and Artist, or None
        The validation scores, on an axis of their own.
    rate_ax_, rate_line_ : matplotlib Axes and Artist, or None
        The learning rates, likewise.
    best_line_ : matplotlib Artist or None
        The mark of the best epoch.
    legend_ : matplotlib Artist
        What is what.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import make_regression
    >>> from skflow.estimators import DNNRegressor, LossCurveDisplay
    >>> X, y = make_regression(n_samples=200, random_state=0)
    >>> model = DNNRegressor((5,), steps=20, early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.ax_.get_ylabel(), display.score_ax_.get_ylabel()
    ('Training loss', 'Validation score')
    """

    def __init__(
        self,
        *,
        history: Mapping[str, Sequence[float]],
        best_iter: int | None = None,
        name: str | None = None,
    ) -> None:
        self.history = history
        self.best_iter = best_iter
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Any = None,
        name: str | None = None,
        learning_rate: bool = False,
        mark_best: bool = True,
        loss_kw: Mapping[str, Any] | None = None,
        score_kw: Mapping[str, Any] | None = None,
        rate_kw: Mapping[str, Any] | None = None,
        best_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Plot how an estimator was trained.

        Parameters
        ----------
        estimator : object
            A fitted estimator of this package.
        name : str, optional
            The name in the legend; by default the estimator's class.
        ax, learning_rate, mark_best, loss_kw, score_kw, rate_kw, best_kw
            As in `plot`.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is not of this package.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        history, best = course_of(estimator)
        name = type(estimator).__name__ if name is None else name
        return cls(history=history, best_iter=best, name=name).plot(
            ax,
            learning_rate=learning_rate,
            mark_best=mark_best,
            loss_kw=loss_kw,
            score_kw=score_kw,
            rate_kw=rate_kw,
            best_kw=best_kw,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | None = None,
        learning_rate: bool = False,
        mark_best: bool = True,
        loss_kw: Mapping[str, Any] | None = None,
        score_kw: Mapping[str, Any] | None = None,
        rate_kw: Mapping[str, Any] | None = None,
        best_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Plot.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default in a new figure.
        name : str, optional
            The name in the legend.
        learning_rate : bool
            Whether to draw the learning rate, too, if there is one.
        mark_best : bool
            Whether to mark the epoch whose values the model has.
        loss_kw, score_kw, rate_kw, best_kw : dict, optional
            Further keywords of matplotlib's `plot` for each curve, of `axvline` for the mark.

        Returns
        -------
        LossCurveDisplay
            Itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.ax_, self.figure_ = axes_for(ax)
        name = self.name if name is None else name
        epochs, many = self.history["epoch"], len(self.history["epoch"]) > 1
        prefix = f"{name}: " if name else ""
        # A single point is no line.
        mark = {} if many else {"marker": "o"}

        def curve(axes: Any, column: str, label: str, look: dict[str, Any], user: Any) -> Any:
            settings = style({**look, **mark, "label": f"{prefix}{label}"}, user)
            return axes.plot(epochs, self.history[column], **settings)[0]

        self.line_ = curve(self.ax_, "loss", "training loss", _LOSS, loss_kw)
        self.ax_.set(xlabel="Epoch", ylabel="Training loss")
        self.score_ax_ = self.score_line_ = self.rate_ax_ = self.rate_line_ = None
        if "validation_score" in self.history:
            self.score_ax_ = self._beside("Validation score")
            self.score_line_ = curve(
                self.score_ax_, "validation_score", "validation score", _SCORE, score_kw
            )
        if learning_rate and "learning_rate" in self.history:
            self.rate_ax_ = self._beside("Learning rate", 1.0 if self.score_ax_ is None else _ASIDE)
            self.rate_line_ = curve(self.rate_ax_, "learning_rate", "learning rate", _RATE, rate_kw)
        self.best_line_ = None
        if mark_best and self.best_iter:
            label = f"{prefix}best epoch, {self.best_iter}"
            self.best_line_ = self.ax_.axvline(
                self.best_iter, **style({**_BEST, "label": label}, best_kw)
            )
        self._add_legend()
        return self

    def _beside(self, label: str, place: float = 1.0) -> Any:
        """Axes with the same epochs and a scale of their own."""
        axes = self.ax_.twinx()
        axes.set_ylabel(label)
        axes.spines["right"].set_position(("axes", place))
        return axes

    def _add_legend(self) -> None:
        """One legend for all axes, on top of them, between falling losses and rising scores."""
        lines = [self.line_, self.score_line_, self.rate_line_, self.best_line_]
        shown = [line for line in lines if line is not None]
        top = self.rate_ax_ or self.score_ax_ or self.ax_
        self.legend_ = top.legend(handles=shown, loc="center right", fontsize="small")
