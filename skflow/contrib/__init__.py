"""What TensorFlow 1.x kept under `tf.contrib`."""

from skflow.contrib import opt as opt
