"""The docstrings of the public estimators and the links to them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from skflow import estimators
from skflow.estimators import schedules
from skflow.estimators.documentation import PARAMETERS
from tests.estimators.cases import CASES, FRAME, Case

PUBLIC = [kind for name in estimators.__all__ if hasattr(kind := getattr(estimators, name), "fit")]
KINDS = pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
DOCS = Path(estimators.__file__).parents[2] / "docs"


def section(text: str, title: str) -> dict[str, str]:
    """The entries of a section of a docstring and what stands behind their names."""
    body = inspect.cleandoc(text).split(f"\n{title}\n{'-' * len(title)}\n")[1]
    body = re.split(r"\n\n[A-Z][A-Za-z ]+\n-+\n", body)[0]
    return dict(re.findall(r"^(\w+) : (.+)$", body, re.MULTILINE))


@KINDS
def test_every_parameter_is_documented_with_its_default(kind: Any) -> None:
    documented = section(kind.__doc__, "Parameters")
    parameters = inspect.signature(kind).parameters
    assert documented.keys() == parameters.keys()
    for name, parameter in parameters.items():
        default = f'"{parameter.default}"' if isinstance(parameter.default, str) else None
        assert documented[name].endswith(f"default={default or repr(parameter.default)}"), name


@KINDS
def test_nothing_is_left_to_fill_in(kind: Any) -> None:
    assert not re.search(r"\{(parameters|attributes|classes)\}", kind.__doc__)
    assert max(map(len, kind.__doc__.splitlines())) <= 100
    for title in ("Parameters", "Attributes", "See Also", "Examples"):
        assert f"\n    {title}\n    {'-' * len(title)}\n" in kind.__doc__


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_attribute_is_documented(case: Case) -> None:
    model = case.make().fit(FRAME, case.y)
    documented = section(type(model).__doc__ or "", "Attributes")
    shown = {n for n in dir(model) if n.endswith("_") and not n.startswith("_")}
    assert documented.keys() == shown


@KINDS
def test_every_public_method_is_documented(kind: Any) -> None:
    model = kind()
    for name in dir(kind):
        method = getattr(kind, name, None)
        ours = (getattr(method, "__module__", None) or "").startswith("skflow")
        if name.startswith("_") or not callable(method) or not ours:
            continue
        text = inspect.getdoc(method) or ""
        function = inspect.unwrap(getattr(model, name, None) or method)
        parameters = [p for p in inspect.signature(function).parameters if p != "self"]
        named = " ".join(section(text, "Parameters")) if parameters else ""
        listed = re.findall(r"^([\w, ]+) : ", text, re.MULTILINE)
        found = {p for entry in listed for p in entry.split(", ")}
        assert set(parameters) <= found | set(named.split()), name
        assert "Returns\n-------" in text, name


def test_all_texts_are_used() -> None:
    used = {name for kind in PUBLIC for name in inspect.signature(kind).parameters}
    assert set(PARAMETERS) == used


@KINDS
def test_the_links_lead_somewhere(kind: Any) -> None:
    link = kind()._get_doc_link()
    page = "api/estimators"
    assert link.startswith(f"https://skflow.readthedocs.io/en/stable/{page}.html#")
    target = link.split("#")[1]
    assert target == f"skflow.estimators.{kind.__name__}"
    assert f".. autoclass:: {target}\n" in (DOCS / f"{page}.md").read_text()


def test_schedules_are_in_the_documentation() -> None:
    text = (DOCS / "api" / "estimators.md").read_text()
    kinds = [
        name
        for name, kind in vars(schedules).items()
        if isinstance(kind, type) and issubclass(kind, schedules.Schedule) and name[0].isupper()
    ]
    assert len(kinds) > 5
    for name in set(kinds) - {"Schedule"}:
        assert f".. autoclass:: skflow.estimators.schedules.{name}\n" in text
