"""The versions of TensorFlow whose behaviour and graphs this package follows."""

from __future__ import annotations

from typing import Final

VERSION: Final = "1.1.0"
"""The TensorFlow release that names, graphs, errors and files follow."""

GRAPH_DEF_VERSION: Final = 21
"""The version of the graphs that this package writes."""

GRAPH_DEF_VERSION_MIN_CONSUMER: Final = 0
"""The oldest reader that those graphs admit."""

GRAPH_DEF_VERSION_MIN_PRODUCER: Final = 0
"""The oldest writer whose graphs can be read."""
