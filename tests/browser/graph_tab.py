"""TensorBoard's graph tab: the drawing of a run's graph, with nodes that open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.page import Page

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement


class GraphTab(Page):
    """The drawing of a run's graph."""

    def start(self, run: str) -> None:
        """Open the page and choose the run from the list."""
        self.open("graphs")
        self.until(self.nodes, "a graph")
        chooser = self.all("paper-dropdown-menu.run-dropdown")[0]
        chooser.click()
        self.settle()
        self.one("paper-item", run).click()
        self.until(
            lambda: (
                chooser.find_element("css selector", "paper-item.iron-selected").text == run
                or chooser.get_property("value") == run
            ),
            f"{run} chosen",
        )
        self.settle()

    def nodes(self) -> dict[str, set[str]]:
        """The nodes that are drawn, and of what kind each is: op, meta, series, expanded ..."""
        return {
            node.get_attribute("data-name"): set(node.get_attribute("class").split())
            for node in self.all("g.node[data-name]:not(.bridge)")
        }

    def node(self, name: str) -> WebElement:
        return self.one(f'g.node[data-name="{name}"]')

    def inside(self, name: str) -> set[str]:
        """The nodes drawn in a node that is open."""
        return {
            node.get_attribute("data-name")
            for node in self.node(name).find_elements("css selector", "g.node:not(.bridge)")
        }

    def shape(self, name: str) -> WebElement:
        """What the mouse can hit of a node: its outline, without what is written beside it."""
        return self.node(name).find_element("css selector", ":scope > .nodeshape")

    def unfold(self, name: str) -> None:
        """Double-click a node."""
        self.act().move_to_element(self.shape(name)).double_click().perform()
        self.until(lambda: "expanded" in self.nodes()[name], f"{name} open")
        self.settle()

    def press(self, name: str, button: str) -> None:
        """Click a node, then a button of the card about it."""
        self.shape(name).click()
        self.one("paper-button.toggle-include", button).click()
        self.settle()

    def fit(self) -> None:
        """Show the whole drawing, with no node chosen."""
        self.one("paper-button", "Fit to screen").click()
        self.settle()
        scene = self.one("tf-graph-scene")
        aside = (10 - scene.size["width"] // 2, scene.size["height"] // 2 - 10)
        self.act().move_to_element_with_offset(scene, *aside).click().perform()
        self.act().move_to_element(self.one(".brand")).perform()
