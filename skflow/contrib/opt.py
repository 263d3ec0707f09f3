"""Optimizers outside the graph: `tf.contrib.opt`."""

from skflow.train.scipy_optimizer import ExternalOptimizerInterface as ExternalOptimizerInterface
from skflow.train.scipy_optimizer import ScipyOptimizerInterface as ScipyOptimizerInterface
