"""Plans that are compiled from graphs, and sessions that run them."""

from skflow.graph.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"": "describe run_metadata tracing"})
