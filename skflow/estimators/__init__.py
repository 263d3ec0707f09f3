"""Estimators that keep scikit-learn's contract and train in graphs."""

from skflow.estimators.dnn import DNNRegressor as DNNRegressor
from skflow.estimators.linear import LinearRegressor as LinearRegressor

__all__ = ["DNNRegressor", "LinearRegressor"]
