"""What the `checkpoint` file says in many cases, for several engines.

    python state_programs.py MODULE > checkpoint_states.json      # MODULE: tensorflow, skflow, ...

checkpoint_states.json is what TensorFlow 1.1.0 printed: ``written`` the text for each of WRITTEN,
``read`` what each of CONTENTS says when it is read in a directory of that name.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# Directory, newest path, all paths.
WRITTEN = [
    ("/a", "/a/m-1", ["/a/m-0", "/a/m-1"]), ("/a", "m-1", None), ("/a", "/a/m-1", []),
    ("a", "a/m-1", ["b/m-0", "a/m-1"]), ("a", "/abs/m", ["c"]), (".", "./m-1", ["m-0"]),
    ("a/b/", "a/b/m", ["a/b/l"]), ("a", "m", ["a/\u00e9", "x\"y\\z\n\x01'"]),
    ("../up", "../up/m", ["../up/../m"]), ("/a", "/a/m [1]*?-3", None),
    ("", "m-1", ["m-0", "m-1"]), ("a", "a/m", ["a/m", "a/n", "a/m", "a/n"]),
]
CONTENTS = [
    'model_checkpoint_path: "m"\n', "x", "", 'all_model_checkpoint_paths: "a"',
    ('model_checkpoint_path: "m"\nall_model_checkpoint_paths: "a"\n'
     'all_model_checkpoint_paths: "/b"\nall_model_checkpoint_paths: "m"\n'),
    'model_checkpoint_path: "/abs/m"', 'model_checkpoint_path: "\u00e9\\303\\251\\n\\""',
    "model_checkpoint_path: 3", "model_checkpoint_path: 'q' # said", 'model_checkpoint_path: "a',
    'model_checkpoint_path: ""', "model_checkpoint_path { }", "\0\1\2", "{}", 'unknown: "a"',
]


def generated(tf: Any, case: Any) -> Any:
    directory, newest, paths = case
    given = None if paths is None else list(paths)
    state = tf.train.generate_checkpoint_state_proto(directory, newest, given)
    return [state.model_checkpoint_path, list(state.all_model_checkpoint_paths)]


def written(tf: Any, case: Any) -> str:
    """The text that is written for a case; the directory of the case is made where we are."""
    directory, newest, paths = case
    if Path(directory).is_absolute():
        return ""
    Path(directory).mkdir(parents=True, exist_ok=True)
    tf.train.update_checkpoint_state(directory, newest, paths and list(paths))
    return Path(directory, "checkpoint").read_text(encoding="ascii")


def read(tf: Any, content: str) -> Any:
    """What a file says, or the class of the error."""
    Path("dir").mkdir(exist_ok=True)
    Path("dir/checkpoint").write_text(content, encoding="utf-8")
    try:
        state = tf.train.get_checkpoint_state("dir")
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return state and [state.model_checkpoint_path, list(state.all_model_checkpoint_paths)]


def run(tf: Any) -> Any:
    """All answers, in a directory of our own."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as parent:
        here = Path(parent, "here")
        here.mkdir()
        os.chdir(str(here))
        try:
            return {
                "generated": [generated(tf, case) for case in WRITTEN],
                "written": [written(tf, case) for case in WRITTEN],
                "read": [read(tf, content) for content in CONTENTS],
            }
        finally:
            os.chdir(str(before))


def main() -> None:
    """Print the answers of the module named on the command line."""
    logging.disable(logging.CRITICAL)
    json.dump(run(importlib.import_module(sys.argv[1])), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
