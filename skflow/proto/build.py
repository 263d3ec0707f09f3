"""Write the generated files of this package: ``python -m skflow.proto.build``.

Run it after a change to a `.proto` file. It compiles them all to `descriptors.binpb`, which
`skflow.proto` loads, and writes the type stub `__init__.pyi`. A test fails while either is out
of date.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from skflow.proto._compiler import compile_folder
from skflow.proto._pool import DESCRIPTORS
from skflow.proto._stubs import stub_text

FOLDER: Final = Path(__file__).parent
STUB: Final = "__init__.pyi"


def generated(folder: Path = FOLDER) -> dict[str, bytes]:
    """Compile the texts of a folder.

    Parameters
    ----------
    folder : Path
        Where the `.proto` files lie.

    Returns
    -------
    dict of str to bytes
        The content of each generated file by its name.
    """
    files = compile_folder(folder)
    return {
        DESCRIPTORS: files.SerializeToString(deterministic=True),
        STUB: stub_text(files).encode(),
    }


def main() -> None:
    """Write the generated files beside the texts."""
    for name, content in generated().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
