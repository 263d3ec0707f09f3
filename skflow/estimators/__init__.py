"""Estimators that keep scikit-learn's contract and train in graphs."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "estimators.combined": "DNNLinearCombinedClassifier DNNLinearCombinedRegressor",
        "estimators.custom": "GraphClassifier GraphRegressor",
        "estimators.dnn": "DNNClassifier DNNRegressor",
        "estimators.graph_display": "GraphDisplay",
        "estimators.linear": "LinearClassifier LinearRegressor",
        "estimators.loading": "load",
        "estimators.loss_curve_display": "LossCurveDisplay",
        "estimators.model_function": "EstimatorSpec ModeKeys",
    },
)
