"""Messages in TensorFlow's formats: graphs, checkpoints, events and session options.

The `.proto` files of this folder are their readable source, `descriptors.binpb` what is loaded,
`__init__.pyi` their types; ``python -m skflow.proto.build`` writes the last two from the first.
Nothing is loaded, protobuf included, until a message is first asked for.
"""

from __future__ import annotations

from skflow.proto._pool import registry


def __getattr__(name: str) -> object:
    # Private names are what tools ask a module for (`__path__`, `__wrapped__`): never messages.
    value = None if name.startswith("_") else registry().names.get(name)
    if value is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *registry().names})
