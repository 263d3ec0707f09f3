"""The docstrings of the public estimators and the links to them."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.utils._param_validation import make_constraint

from skflow import estimators
from skflow.estimators.base import NetworkEstimator
from skflow.estimators.documentation import PARAMETERS, documented
from tests.estimators.cases import CASES, FRAME, PAIR, THREE, quietly

DOCS = Path(__file__).parents[2] / "docs"

PUBLIC: dict[str, Any] = {
    name: getattr(estimators, name)
    for name in estimators.__all__
    if hasattr(getattr(estimators, name), "fit")
}
every = pytest.mark.parametrize("kind", PUBLIC.values(), ids=PUBLIC)


def sections(docstring: str) -> dict[str, str]:
    """The sections of a docstring by their titles; what comes first has the title ""."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        assert text.strip(), title
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section: str) -> dict[str, tuple[str, str]]:
    """What a section of "name : type" and indented meanings says of each name."""
    found: dict[str, tuple[str, str]] = {}
    for names, kind, meaning in re.findall(
        r"^(\S[^\n]*?) : ([^\n]*)\n((?:    [^\n]*\n?|\n)*)", section + "\n", flags=re.MULTILINE
    ):
        for name in names.split(", "):
            assert name not in found
            found[name] = (kind, meaning.strip())
    assert len(found) >= len(re.findall(r"^\S", section, flags=re.MULTILINE))
    return found


def check_prose(text: str) -> None:
    """Meanings are sentences with a stop, in lines that are not too long, and all filled in."""
    assert text[0].isupper() or text.startswith(("``", "`", '"'))
    assert text.endswith(".")
    assert not re.search(r"\{\w+\}", text)
    assert max(map(len, text.splitlines())) <= 96


# ---- classes ------------------------------------------------------------------------------------


def test_all_families_are_public() -> None:
    assert len(PUBLIC) == 8
    assert set(map(type, (case.make() for case in CASES.values()))) == set(PUBLIC.values())


@every
def test_docstrings_have_numpydocs_sections_in_its_order(kind: Any) -> None:
    found = sections(kind.__doc__)
    order = ["", "Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]
    assert list(found) == [title for title in order if title in found]
    assert {"Parameters", "Attributes", "See Also", "Examples"} <= set(found)
    first = found[""].splitlines()[0]
    assert first.endswith(".")
    assert len(first) < 90
    assert not re.search(r"\{(parameters|attributes|classes)\}", kind.__doc__)
    for name in re.findall(r"^(\w+) : ", found["See Also"], flags=re.MULTILINE):
        assert name in PUBLIC
        assert name != kind.__name__
    assert f"import {kind.__name__}" in found["Examples"] or kind.__name__ in found["Examples"]


@every
def test_every_parameter_is_explained_with_its_default(kind: Any) -> None:
    found = entries(sections(kind.__doc__)["Parameters"])
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()
    }
    assert found.keys() == defaults.keys()
    assert found.keys() == kind().get_params().keys()
    for name, (text, meaning) in found.items():
        shown, _, default = text.rpartition("default=")
        assert shown, name
        value = kind().get_params()[name]
        assert default == (f'"{value}"' if isinstance(value, str) else repr(value)), name
        assert value == defaults[name] or value is defaults[name]
        check_prose(meaning)


@every
def test_positional_parameters_come_first(kind: Any) -> None:
    found = list(entries(sections(kind.__doc__)["Parameters"]))
    parameters = inspect.signature(kind).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert found[: len(positional)] == positional
    assert positional in ([], ["hidden_units"], ["dnn_hidden_units"])


@every
def test_the_names_that_a_parameter_may_have_are_listed(kind: Any) -> None:
    found = entries(sections(kind.__doc__)["Parameters"])
    for name, constraints in kind._parameter_constraints.items():
        text, meaning = found[name]
        for constraint in map(make_constraint, constraints):
            options = getattr(constraint, "options", ())
            for option in options if name != "dnn_optimizer" else ():
                if isinstance(option, str):
                    assert f'"{option}"' in text + meaning, (name, option)
    assert kind._parameter_constraints.keys() == found.keys()


def test_a_defaults_type_is_what_it_says() -> None:
    for kind in PUBLIC.values():
        for name, (text, _) in entries(sections(kind.__doc__)["Parameters"]).items():
            value = kind().get_params()[name]
            if isinstance(value, bool):
                assert "bool" in text, name
            elif isinstance(value, float):
                assert "float" in text, name
            elif isinstance(value, int):
                assert "int" in text, name
            elif value is None:
                assert "optional" in text or "None" in text.rpartition(", default")[0], name


@every
def test_the_attributes_listed_are_those_that_there_are(kind: Any) -> None:
    found = entries(sections(kind.__doc__)["Attributes"])
    model = kind(max_iter=2)
    before = {name for name in found if hasattr(model, name)}
    assert not before
    quietly(model.fit, FRAME, THREE)
    public = {n for n in dir(model) if n.endswith("_") and not n.startswith("_")}
    assert {name for name in public if hasattr(model, name)} == found.keys()
    for text, meaning in found.values():
        assert text
        check_prose(meaning)


@every
def test_attributes_are_of_the_shapes_listed(kind: Any) -> None:
    """For one target and for several: as many numbers and axes as the docstring says."""
    found = entries(sections(kind.__doc__)["Attributes"])
    classifies = "classes_" in found
    model = kind(max_iter=2)
    for y, targets in (
        (THREE if classifies else PAIR[:, 0], 1),
        (PAIR > 0 if classifies else PAIR, 2),
    ):
        quietly(model.fit, FRAME, y)
        assert model.n_outputs_ == targets
        assert model.n_features_in_ == len(model.feature_names_in_) == FRAME.shape[1]
        assert len(model.loss_curve_) == model.n_iter_
        assert 1 <= model.best_iter_ <= model.n_iter_
        for name in ("coef_", "linear_coef_"):
            if name in found:
                outputs = 1 if y.ndim == 1 and not classifies else 3 if y.ndim == 1 else 2
                flat = name == "coef_" and y.ndim == 1 and not classifies
                assert getattr(model, name).shape == (() if flat else (outputs,)) + (4 + 3 + 2,)


def test_there_is_no_text_for_parameters_that_nobody_has() -> None:
    names = {name for kind in PUBLIC.values() for name in kind().get_params()}
    assert names == set(PARAMETERS)


@documented(depth="int: How deep.\n  In layers.", loss="str: The only loss")
@dataclasses.dataclass
class Family:
    """A family.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {classes}
    {attributes}
    """

    loss: str = "own"
    depth: int = 3


def test_a_family_says_what_its_own_parameters_mean() -> None:
    found = sections(Family.__doc__ or "")
    assert entries(found["Parameters"]) == {
        "loss": ('str, default="own"', "The only loss"),
        "depth": ("int, default=3", "How deep. In layers."),
    }
    assert {"classes_", "n_iter_"} <= entries(found["Attributes"]).keys()


# ---- methods ------------------------------------------------------------------------------------


def methods(kind: Any) -> dict[str, Any]:
    """The public methods that this package defines."""
    found = {}
    for name in dir(kind):
        holder = next(base for base in kind.__mro__ if name in vars(base))
        if not name.startswith("_") and holder.__module__.startswith("skflow."):
            method = getattr(kind, name)
            if callable(method):
                found[name] = method
    return found


@every
def test_every_method_explains_what_it_takes_and_gives(kind: Any) -> None:
    found = methods(kind)
    assert {"fit", "partial_fit", "predict", "get_variable_names"} <= found.keys()
    for name, method in found.items():
        parts = sections(method.__doc__)
        taken = [p for p in inspect.signature(method).parameters if p not in ("self", "args")]
        if name in ("partial_fit", "predict_proba", "predict_log_proba", "predict_quantiles"):
            taken = list(entries(parts["Parameters"]))
            assert taken[0] == "X"
        listed = entries(parts["Parameters"]) if taken else {}
        assert [p.removeprefix("*") for p in listed] == taken, name
        assert "Returns" in parts, name
        for _, meaning in listed.values():
            check_prose(meaning)


# ---- pages and links ----------------------------------------------------------------------------


@every
def test_links_lead_to_the_page_and_the_place(kind: Any) -> None:
    link = kind()._get_doc_link()
    address, _, anchor = link.partition("#")
    site, _, page = address.partition("/en/stable/")
    assert site == "https://skflow.readthedocs.io"
    text = (DOCS / page.replace(".html", ".md")).read_text()
    # What Sphinx calls the place of a class.
    assert f"\n.. autoclass:: {anchor}\n" in text
    assert anchor == f"skflow.estimators.{kind.__name__}"
    assert f'href="{link}"' in kind()._repr_html_()


def test_the_page_lists_all_that_is_public() -> None:
    text = (DOCS / "api" / "estimators.md").read_text()
    blocks = re.findall(
        r"auto(?:class|function):: skflow\.estimators\.(\w+)\n((?:   [^\n]*\n)*)", text
    )
    assert {name for name, _ in blocks} == set(estimators.__all__)
    for name, options in blocks:
        members = re.findall(r":members: (.*)", options)
        listed = members[0].split(", ") if members else []
        own = methods(PUBLIC[name]) if name in PUBLIC else vars(getattr(estimators, name))
        assert all(member in own for member in listed), name
        assert {"fit", "partial_fit", "predict"} <= set(listed) or name not in PUBLIC


def test_classes_of_ones_own_do_not_claim_a_place_there() -> None:
    class Own(estimators.LinearRegressor):
        """A class of somebody else's."""

    assert issubclass(Own, NetworkEstimator)
    assert Own()._get_doc_link() == ""
