"""Which module is a docstring from? Text with tens of thousands of columns that stay sparse."""

from __future__ import annotations

import ast
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from skflow.estimators import DNNClassifier, LinearClassifier

# Modules and packages of the standard library with many docstrings.
MODULES = (
    "asyncio",
    "datetime",
    "email",
    "http",
    "importlib",
    "ipaddress",
    "logging",
    "mailbox",
    "multiprocessing",
    "tarfile",
    "unittest",
    "xml",
)


def docstrings(file: Path) -> Iterator[str]:
    """The docstrings of a module, its classes and its functions."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def load_docstrings(names: Sequence[str] = MODULES) -> tuple[list[str], list[str]]:
    """Return the docstrings of some of Python's own modules, and for each its module's name.

    The source files are read, not imported.
    """
    library = Path(sysconfig.get_path("stdlib"))
    texts, modules = [], []
    for name in names:
        for file in [library / f"{name}.py", *sorted((library / name).rglob("*.py"))]:
            if file.exists():
                found = list(docstrings(file))
                texts += found
                modules += [name] * len(found)
    return texts, modules


def words_and(classifier: Any) -> Pipeline:
    """A pipeline that counts words and pairs of words before it classifies."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
    return make_pipeline(words, classifier)


def main() -> None:
    """Compare three classifiers; it takes less than a minute on two cores."""
    texts, modules = load_docstrings()
    parts = train_test_split(texts, modules, stratify=modules, random_state=0)
    train_texts, test_texts, train_modules, test_modules = parts
    print(f"{len(texts):,} docstrings of {len(set(modules))} modules")
    deep = DNNClassifier((50,), dropout=0.5, learning_rate=0.003, random_state=0)
    models = {
        "scikit-learn's LogisticRegression": LogisticRegression(C=10.0, max_iter=1000),
        "skflow's LinearClassifier": LinearClassifier(l2_regularization_strength=0.1),
        "skflow's DNNClassifier": deep,
    }
    for name, classifier in models.items():
        model = words_and(classifier)
        began = time.perf_counter()
        model.fit(train_texts, train_modules)
        seconds = time.perf_counter() - began
        accuracy = model.score(test_texts, test_modules)
        columns = model[-1].n_features_in_
        print(f"{name:<34} {columns:,} columns, accuracy {accuracy:.3f}  ({seconds:.1f} seconds)")


if __name__ == "__main__":
    main()
