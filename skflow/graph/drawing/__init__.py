"""Pictures of graphs, with name scopes folded: DOT, SVG, and HTML for notebooks."""

from skflow.graph.drawing.dot import graph_to_dot as graph_to_dot
from skflow.graph.drawing.page import graph_to_html as graph_to_html
from skflow.graph.drawing.svg import graph_to_svg as graph_to_svg
from skflow.graph.nodes import LATE

LATE["graph_html"] = graph_to_html
