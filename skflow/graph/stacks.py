"""The default graph and the default session: a thread's innermost ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Final


class Stack(threading.local):
    """A thread's innermost default object."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    @contextmanager
    def entered(self, item: Any) -> Iterator[Any]:
        self.items.append(item)
        try:
            yield item
        finally:
            # An item may have been left out of order: a session closed inside a block.
            for i in range(len(self.items) - 1, -1, -1):
                if self.items[i] is item:
                    del self.items[i]
                    break


class GraphStack(Stack):
    """The default graphs: a thread has one of its own, below those that it has entered."""

    make: ClassVar[Callable[[], Any] | None] = None
    """Makes an empty graph; the module that defines graphs sets it."""

    def __init__(self) -> None:
        super().__init__()
        self.bottom: Any = None

    def top(self) -> Any:
        if self.items:
            return self.items[-1]
        if self.bottom is None:
            assert GraphStack.make is not None
            self.bottom = GraphStack.make()
        return self.bottom

    def reset(self) -> None:
        if self.items:
            raise AssertionError(
                "Do not use tf.reset_default_graph() to clear nested graphs. If you need a "
                "cleared graph, exit the nesting and create a new graph."
            )
        self.bottom = None


graphs: Final = GraphStack()
sessions: Final = Stack()


def get_default_session() -> Any:
    """Return the innermost session entered in this thread, or ``None``."""
    return sessions.items[-1] if sessions.items else None


def default_session(session: Any) -> AbstractContextManager[Any]:
    """Make `session` the default session of a block."""
    return sessions.entered(session)
