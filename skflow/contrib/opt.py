"""Optimizers outside the graph: `tf.contrib.opt`."""

from __future__ import annotations

from skflow.train.scipy_optimizer import ExternalOptimizerInterface, ScipyOptimizerInterface

__all__ = ["ExternalOptimizerInterface", "ScipyOptimizerInterface"]
