"""House prices in California: cross-validation, a grid search, and a plot of the predictions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from housing_data import load_california_housing
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skflow.estimators import DNNRegressor, LinearRegressor

if TYPE_CHECKING:
    from sklearn.base import RegressorMixin

try:
    from tqdm import tqdm
except ImportError:  # the search then prints a line for each fit instead
    tqdm = None

Array = NDArray[np.float64]

OUTPUT = Path(__file__).parent / "output"
FOLDS = KFold(5, shuffle=True, random_state=0)
GRID: dict[str, Sequence[Any]] = {
    "dnnregressor__hidden_units": [(50,), (100,), (50, 50)],
    "dnnregressor__learning_rate": [0.001, 0.003, 0.01],
}


def network(**settings: Any) -> DNNRegressor:
    """A network that stops when held-out rows do not get better any more."""
    return DNNRegressor(early_stopping=True, max_iter=500, random_state=0, **settings)


def cross_validated_r2(regressor: RegressorMixin, X: Array, y: Array) -> Array:
    """R2 on each of five folds, with features standardised on the other four."""
    scores: Array = cross_val_score(make_pipeline(StandardScaler(), regressor), X, y, cv=FOLDS)
    return scores


@contextmanager
def progress(total: int) -> Iterator[None]:
    """Show a bar of the tasks that joblib has finished in the block."""
    if tqdm is None:
        yield
        return
    plain = joblib.parallel.BatchCompletionCallBack
    with tqdm(total=total, desc="Grid search", unit="fit") as bar:

        class Counting(plain):  # type: ignore[misc, valid-type]
            """Tells the bar, too, that tasks are done."""

            def __call__(self, *args: Any, **kwargs: Any) -> Any:
                bar.update(self.batch_size)
                return super().__call__(*args, **kwargs)

        joblib.parallel.BatchCompletionCallBack = Counting
        try:
            yield
        finally:
            joblib.parallel.BatchCompletionCallBack = plain


def grid_search(
    X: Array, y: Array, grid: Mapping[str, Sequence[Any]], *, cv: int = 3, n_jobs: int = 2
) -> GridSearchCV:
    """Find the best hidden layers and learning rate, in `n_jobs` processes."""
    model: Pipeline = make_pipeline(StandardScaler(), network())
    fits = cv * int(np.prod([len(values) for values in grid.values()]))
    search = GridSearchCV(model, grid, cv=cv, n_jobs=n_jobs, verbose=0 if tqdm else 2)
    with progress(fits):
        search.fit(X, y)
    return search


def plot_predictions(true: Array, predicted: Array, title: str, file: Path) -> None:
    """Draw predicted against true prices into a PNG file."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    file.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(6, 6), layout="constrained")
    axes.scatter(true, predicted, s=4, alpha=0.3, edgecolors="none")
    ends = [0.0, max(true.max(), predicted.max())]
    axes.plot(ends, ends, color="black", linewidth=1)
    axes.set(
        xlabel="true median house value (100,000 dollars)",
        ylabel="predicted (100,000 dollars)",
        title=title,
    )
    figure.savefig(file, dpi=150)
    plt.close(figure)


def report(name: str, scores: Array) -> None:
    """Print the mean and spread of some R2."""
    print(f"{name:<34} R2 {scores.mean():.4f} +- {scores.std():.4f}")


def main() -> None:
    """Run it all; it takes about a minute on two cores."""
    began = time.perf_counter()
    X, y, names = load_california_housing()
    print(
        f"California housing: {X.shape[0]:,} block groups, {X.shape[1]} features "
        f"({', '.join(names)})"
    )
    print("\nCross-validated in 5 folds:")
    report("scikit-learn's LinearRegression", cross_validated_r2(LinearRegression(), X, y))
    report("skflow's LinearRegressor", cross_validated_r2(LinearRegressor(), X, y))
    report("skflow's DNNRegressor", cross_validated_r2(network(), X, y))

    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
    print(f"\nSearching on {len(X_train):,} rows in two processes:")
    search = grid_search(X_train, y_train, GRID)
    best = {name.removeprefix("dnnregressor__"): v for name, v in search.best_params_.items()}
    print("Best:", ", ".join(f"{name}={value}" for name, value in best.items()))
    r2 = search.score(X_test, y_test)
    print(f"R2 on the other {len(X_test):,} rows: {r2:.4f}")

    file = OUTPUT / "california_housing.png"
    plot_predictions(y_test, search.predict(X_test), f"DNNRegressor, held-out R2 {r2:.3f}", file)
    print(f"\nPredicted against true prices: {file.relative_to(Path(__file__).parent)}")
    print(f"{time.perf_counter() - began:.0f} seconds in all")


if __name__ == "__main__":
    main()
