"""A graph as a plot, in scikit-learn's Display style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final, Self

from sklearn.utils._optional_dependencies import check_matplotlib_support

import skflow as tf
from skflow.estimators.display import axes_for, checked, style
from skflow.graph.drawing.layout import Layout, Point
from skflow.graph.drawing.outline import Edge, Node, View, view
from skflow.graph.drawing.style import COLORS, HEIGHT, arranged, shortened, width

_POINTS: Final = 60.0  # of the drawing to an inch
_SMALLEST: Final = 2.0  # inches


class GraphDisplay:
    """The operations and name scopes of a graph, and what flows between them.

    It is recommended to use `GraphDisplay.from_estimator` or `GraphDisplay.from_graph` to create
    one. The drawing is that of `skflow.graph_to_svg`.

    Parameters
    ----------
    view : View
        What is drawn.
    layout : Layout
        Where it lies.
    name : str, optional
        The title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.
    boxes_, edges_ : list of matplotlib Artist
        The boxes of the nodes, and the arrows between them.
    texts_ : list of matplotlib Artist
        Two for each node: its name, and its type or how many operations it holds.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import make_regression
    >>> from skflow.estimators import GraphDisplay, LinearRegressor
    >>> model = LinearRegressor().fit(*make_regression(n_samples=50, random_state=0))
    >>> display = GraphDisplay.from_estimator(model)
    >>> [text.get_text() for text in display.texts_[:2]]
    ['features', 'Placeholder']
    """

    def __init__(self, *, view: View, layout: Layout, name: str | None = None) -> None:
        self.view = view
        self.layout = layout
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        scope: str = "",
        expand: bool | str | Iterable[str] = False,
        ax: Any = None,
        name: str | None = None,
        edge_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the graph by which an estimator predicts.

        Parameters
        ----------
        estimator : object
            A fitted estimator of this package.
        name : str, optional
            The title; by default the estimator's class.
        scope, expand, ax, edge_kw
            As in `from_graph`.

        Returns
        -------
        GraphDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is not of this package.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        graph = checked(estimator).graph_
        name = type(estimator).__name__ if name is None else name
        return cls.from_graph(graph, scope=scope, expand=expand, ax=ax, name=name, edge_kw=edge_kw)

    @classmethod
    def from_graph(
        cls,
        graph: tf.Graph,
        *,
        scope: str = "",
        expand: bool | str | Iterable[str] = False,
        ax: Any = None,
        name: str | None = None,
        edge_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw a graph.

        Parameters
        ----------
        graph : Graph
            The graph.
        scope : str
            The name scope whose inside is drawn; by default the whole graph.
        expand : bool, str or iterable of str
            The name scopes that are open: all, none, or those named.
        ax : matplotlib Axes, optional
            Where to draw; by default in a new figure of fitting size.
        name : str, optional
            The title.
        edge_kw : dict, optional
            As in `plot`.

        Returns
        -------
        GraphDisplay

        Raises
        ------
        TypeError
            If it is no graph.
        ValueError
            If there is no such scope.
        """
        check_matplotlib_support(f"{cls.__name__}.from_graph")
        if not isinstance(graph, tf.Graph):
            raise TypeError(f"graph must be a Graph, got {type(graph).__name__}.")
        shown = view(graph, scope, expand)
        return cls(view=shown, layout=arranged(shown), name=name).plot(ax, edge_kw=edge_kw)

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | None = None,
        edge_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default in a new figure of fitting size.
        name : str, optional
            The title.
        edge_kw : dict, optional
            Keywords of lines for the edges, such as ``{"color": "k"}``.

        Returns
        -------
        GraphDisplay
            Itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        own = ax is None
        self.ax_, self.figure_ = axes_for(ax)
        if own:
            sides = (self.layout.width / _POINTS, self.layout.height / _POINTS)
            self.figure_.set_size_inches(*(max(side, _SMALLEST) for side in sides))
        look = style({"color": COLORS["edge"]}, edge_kw)
        pairs = zip(self.view.edges, self.layout.paths, strict=True)
        self.edges_ = [self._arrow(edge, path, look) for edge, path in pairs]
        self.boxes_: list[Any] = []
        self.texts_: list[Any] = []
        for node, center in zip(self.view.nodes, self.layout.centers, strict=True):
            self._box(node, center)
        name = self.name if name is None else name
        self.ax_.set(xlim=(0, self.layout.width), ylim=(self.layout.height, 0), aspect="equal")
        self.ax_.set_title(name or "", parse_math=False)
        self.ax_.set_axis_off()
        return self

    def _arrow(self, edge: Edge, path: list[Point], look: Mapping[str, Any]) -> Any:
        """The curve of `graph_to_svg`, with an arrow's head at its end."""
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        points, codes = [path[0]], [Path.MOVETO]
        for a, b in pairwise(path):
            middle = (a.y + b.y) / 2
            points += [Point(a.x, middle), Point(b.x, middle), b]
            codes += [Path.CURVE4] * 3
        usual = {
            "linestyle": "--" if edge.control else "-",
            "linewidth": 1.0 if edge.count == 1 else 1.8,
        }
        return self.ax_.add_patch(
            FancyArrowPatch(
                path=Path(points, codes),
                arrowstyle="-|>",
                mutation_scale=8,
                shrinkA=0,
                shrinkB=0,
                fill=False,
                **{**usual, **look},
            )
        )

    def _box(self, node: Node, center: Point) -> None:
        from matplotlib.patches import FancyBboxPatch

        w, h = width(node), HEIGHT
        rounding = h / 2 if node.kind == "operation" else 4.0
        self.boxes_.append(
            self.ax_.add_patch(
                FancyBboxPatch(
                    (center.x - w / 2, center.y - h / 2),
                    w,
                    h,
                    boxstyle=f"round,pad=0,rounding_size={rounding}",
                    facecolor=COLORS[node.kind],
                    edgecolor=COLORS["border"],
                    linestyle="--" if node.kind == "outside" else "-",
                )
            )
        )
        for text, shift, size, color in (
            (node.label, -7, 8, COLORS["text"]),
            (node.detail, 8, 6.5, COLORS["faint"]),
        ):
            self.texts_.append(
                self.ax_.text(
                    center.x,
                    center.y + shift,
                    shortened(text),
                    ha="center",
                    va="center",
                    fontsize=size,
                    color=color,
                    parse_math=False,
                )
            )
