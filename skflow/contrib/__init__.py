"""What TensorFlow 1.x kept under `tf.contrib`."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "": "framework opt",
    },
)
