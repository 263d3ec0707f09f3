"""The message classes, made on first use from a descriptor pool of our own.

TensorFlow registers messages of the same names in protobuf's default pool, which refuses a
second definition: with a pool of our own both live in one process, in either order. Protobuf is
imported on first use, because that takes as long as a tenth of NumPy.
"""

from __future__ import annotations

import copyreg
import inspect
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DESCRIPTORS: Final = "descriptors.binpb"
_PUBLIC_MODULE: Final = "skflow.proto"


@dataclass(frozen=True)
class Registry:
    """Everything that the descriptors define.

    Attributes
    ----------
    pool : google.protobuf.descriptor_pool.DescriptorPool
        The private pool.
    names : mapping of str to object
        Message classes and enums by their short names, and protobuf's `Message` and
        `DecodeError`.
    messages : mapping of str to type
        Every message class, nested ones too, by its full name ("tensorflow.NodeDef").
    """

    pool: Any
    names: Mapping[str, Any]
    messages: Mapping[str, Any]


_lock = threading.Lock()
_registry: Registry | None = None


def registry() -> Registry:
    """Return the message classes, which the first call in a process makes."""
    global _registry  # noqa: PLW0603
    if _registry is None:
        with _lock:
            if _registry is None:
                _registry = _load()
    return _registry


def _load() -> Registry:
    from google.protobuf import descriptor_pb2, descriptor_pool, message
    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

    pool = descriptor_pool.DescriptorPool()
    names = {"Message": message.Message, "DecodeError": message.DecodeError}
    messages: dict[str, Any] = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(_stored_descriptors()).file:
        pool.AddSerializedFile(file.SerializeToString())
        for node in file.message_type:
            descriptor = pool.FindMessageTypeByName(f"{file.package}.{node.name}")
            names[node.name] = _message_class(descriptor, node.name, messages)
        for node in file.enum_type:
            descriptor = pool.FindEnumTypeByName(f"{file.package}.{node.name}")
            names[node.name] = EnumTypeWrapper(descriptor)
    return Registry(pool, names, messages)


def _stored_descriptors() -> bytes:
    # The loader, unlike open(), also reads from a zip file.
    loader: Any = __spec__.loader
    data: bytes = loader.get_data(str(Path(__file__).with_name(DESCRIPTORS)))
    return data


def _message_class(descriptor: Any, qualified_name: str, messages: dict[str, Any]) -> Any:
    """Return the class of a message, having made it and those nested in it presentable."""
    from google.protobuf.message_factory import GetMessageClass

    class_ = GetMessageClass(descriptor)
    class_.__module__ = _PUBLIC_MODULE
    class_.__qualname__ = qualified_name
    class_.__signature__ = _SIGNATURE
    copyreg.pickle(class_, _reduce)
    messages[descriptor.full_name] = class_
    for nested in descriptor.nested_types:
        nested_class = _message_class(nested, f"{qualified_name}.{nested.name}", messages)
        # Protobuf's pure-Python implementation leaves this to generated code.
        if not hasattr(class_, nested.name):
            setattr(class_, nested.name, nested_class)
    return class_


_SIGNATURE = inspect.Signature([inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])


def _reduce(message: Any) -> tuple[Any, tuple[str, bytes]]:
    """Pickle a message as its bytes: protobuf's own way looks in the default pool alone."""
    return _restore, (message.DESCRIPTOR.full_name, message.SerializePartialToString())


def _restore(full_name: str, serialized: bytes) -> Any:
    return registry().messages[full_name].FromString(serialized)
