"""TensorBoard's time series: a chart of curves, and the list of runs beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tests.browser.page import Page

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement


class Curves(Page):
    """The time series, with a single card."""

    def start(self) -> None:
        """Open the page, close the settings and draw the card as wide as the page."""
        self.open("timeseries")
        self.one("button[aria-label='Close side pane']").click()
        self.one("button[aria-label='Toggle full size mode']").click()
        self.settle()

    def chart(self) -> WebElement:
        return self.one("scalar-card line-chart .series-view")

    def row(self, run: str) -> WebElement:
        """The row of the list at the left in which the run is named."""

        def look() -> WebElement | None:
            rows = self.all("runs-data-table tb-data-table-content-row")
            named = [row for row in rows if row.text.strip() == run]
            return named[0] if len(named) == 1 else None

        return self.until(look, f"the run {run}")

    def switch(self, run: str) -> None:
        """Click the run's box."""
        self.row(run).find_element("css selector", "mat-checkbox input").click()
        self.act().move_to_element(self.one(".brand")).perform()
        self.settle()

    def color(self, run: str) -> tuple[int, ...]:
        """The run's colour, as the list at the left shows it."""
        swatch = self.row(run).find_element("css selector", ".run-color-swatch")
        shown = swatch.value_of_css_property("background-color")
        return tuple(int(part) for part in re.findall(r"\d+", shown)[:3])

    def curve(self, run: str) -> dict[int, float]:
        """The middle of the run's curve, in pixels from the top, by the chart's columns."""
        pixels = np.asarray(self.picture(self.chart()), dtype=int)
        near = np.abs(pixels - self.color(run)).max(axis=2) < 12
        rows = np.arange(len(near))
        return {int(i): float(rows[near[:, i]].mean()) for i in np.flatnonzero(near.any(axis=0))}

    def hover(self, share: float) -> None:
        """Put the mouse at a share of the chart's width."""
        chart = self.chart()
        offset = round((share - 0.5) * chart.size["width"])
        self.act().move_to_element_with_offset(chart, offset, 0).perform()

    def tooltip(self) -> dict[str, dict[str, str]]:
        """What the box beside the mouse says: for each run, the texts under the headings."""
        table = self.one("table.tooltip")
        heads = [cell.text.strip() for cell in table.find_elements("css selector", "th")]
        rows = {}
        for row in table.find_elements("css selector", "tr.tooltip-row"):
            cells = [cell.text.strip() for cell in row.find_elements("css selector", "td")]
            shown = dict(zip(heads, cells, strict=True))
            rows[shown["Run"]] = shown
        return rows
