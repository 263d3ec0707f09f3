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
    'model_checkpoint_path: "m"\nall_model_checkpoint_paths: "a"\n'
    'all_model_checkpoint_paths: "/b"\nall_model_checkpoint_paths: "m"\n',
    'model_checkpoint_path: "/abs/m"', 'model_checkpoint_path: "\u00e9\\303\\251\\n\\""',
    "model_checkpoint_path: 3", "model_checkpoint_path: 'q' # said", "model_checkpoint_path: \"a",
    'model_checkpoint_path: ""', 'model_checkpoint_path { }', "\0\1\2", "{}", 'unknown: "a"',
]


def generated(tf: Any, case: Any) -> Any:
    directory, newest, paths = case
    given = None if paths is None else list(paths)
    state = tf.train.generate_checkpoint_state_proto(directory, newest, given)
    return [state.model_checkpoint_path, list(state.all_model_checkpoint_paths)]


def written(tf: Any, case: Any) -> str:
    """The text that is written for a case; the directory of the case is made where we are."""
    directory, newest, paths = case
    if directory and not os.path.isabs(directory):
        os.makedirs(directory, exist_ok=True)
    elif directory:
        return ""
    tf.train.update_checkpoint_state(directory, newest, paths and list(paths))
    with open(os.path.join(directory, "checkpoint"), encoding="ascii") as file:
        return file.read()


def read(tf: Any, content: str) -> Any:
    """What a file says, or the class of the error."""
    os.makedirs("dir", exist_ok=True)
    with open("dir/checkpoint", "w", encoding="utf-8") as file:
        file.write(content)
    try:
        state = tf.train.get_checkpoint_state("dir")
    except Exception as error:
        return type(error).__name__
    return state and [state.model_checkpoint_path, list(state.all_model_checkpoint_paths)]


def run(tf: Any) -> Any:
    """All answers, in a directory of our own."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as parent:
        os.mkdir(os.path.join(parent, "here"))
        os.chdir(os.path.join(parent, "here"))
        try:
            return {
                "generated": [generated(tf, case) for case in WRITTEN],
                "written": [written(tf, case) for case in WRITTEN],
                "read": [read(tf, content) for content in CONTENTS],
            }
        finally:
            os.chdir(before)


def main() -> None:
    """Print the answers of the module named on the command line."""
    logging.disable(logging.CRITICAL)
    json.dump(run(importlib.import_module(sys.argv[1])), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
