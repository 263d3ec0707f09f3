"""What TensorFlow 1.x kept under `tf.contrib`."""

from skflow.contrib import framework as framework, opt as opt
