"""The script exchange.py, which stands alone, as a module for the tests."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Final

HERE: Final = Path(__file__).parent


def load() -> ModuleType:
    """Import it: it imports what lies beside it."""
    sys.path.insert(0, str(HERE))
    try:
        import exchange
    finally:
        sys.path.remove(str(HERE))
    return exchange


exchange = load()
