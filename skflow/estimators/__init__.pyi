from skflow.estimators.combined import (
    DNNLinearCombinedClassifier as DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor as DNNLinearCombinedRegressor,
)
from skflow.estimators.custom import (
    GraphClassifier as GraphClassifier,
    GraphRegressor as GraphRegressor,
)
from skflow.estimators.dnn import DNNClassifier as DNNClassifier, DNNRegressor as DNNRegressor
from skflow.estimators.graph_display import GraphDisplay as GraphDisplay
from skflow.estimators.linear import (
    LinearClassifier as LinearClassifier,
    LinearRegressor as LinearRegressor,
)
from skflow.estimators.loading import load as load
from skflow.estimators.loss_curve_display import LossCurveDisplay as LossCurveDisplay
from skflow.estimators.model_function import (
    EstimatorSpec as EstimatorSpec,
    ModeKeys as ModeKeys,
)

__all__ = [
    "DNNClassifier",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "EstimatorSpec",
    "GraphClassifier",
    "GraphDisplay",
    "GraphRegressor",
    "LinearClassifier",
    "LinearRegressor",
    "LossCurveDisplay",
    "ModeKeys",
    "load",
]
