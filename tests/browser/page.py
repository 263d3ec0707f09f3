"""TensorBoard's pages in headless Chromium, with what a person does to them and sees there."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from selenium.webdriver import ActionChains, Chrome
    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

# Seconds that something on a page may take to appear.
PATIENCE = 20.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root, in a container, cannot set one up; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    # Nothing but the pages under test is asked for over the network.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--force-device-scale-factor=1",
    "--force-prefers-reduced-motion",
)
# Components keep their elements in shadow trees, which no selector crosses.
FIND = """
const [selector, text] = arguments;
const found = [];
function search(root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(selector)
        && (text === null || element.textContent.trim() === text)
        && element.getClientRects().length > 0) {
      found.push(element);
    }
    if (element.shadowRoot) search(element.shadowRoot);
  }
}
search(document);
return found;
"""


def chromium(profile: Path) -> Chrome:
    """Start Chromium with its driver; `profile` is an empty folder for its data."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        raise RuntimeError("Chromium and ChromeDriver are needed; .ci/browser installs them.")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service(driver))


class Page:
    """A page of TensorBoard.

    Parameters
    ----------
    driver : selenium.webdriver.Chrome
        The browser, whose window the page fills.
    address : str
        Where TensorBoard answers.
    screenshots : Path
        The folder for screenshots.
    """

    def __init__(self, driver: Chrome, address: str, screenshots: Path) -> None:
        self.driver = driver
        self.address = address
        self.screenshots = screenshots

    def open(self, tab: str) -> None:
        """Load the page anew, as for one who was never there."""
        self.driver.get("about:blank")
        stored = {"origin": self.address, "storageTypes": "all"}
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", stored)
        self.driver.get(f"{self.address}/#{tab}")

    def until(self, look: Callable[[], T], what: str) -> T:
        """Look until something true is seen; return it."""
        from selenium.common.exceptions import WebDriverException

        end = time.monotonic() + PATIENCE
        trouble: Exception | None = None
        while time.monotonic() < end:
            try:
                if seen := look():
                    return seen
                trouble = None
            except WebDriverException as error:
                # The page replaced an element between two questions about it.
                trouble = error
            time.sleep(0.1)
        self.picture().save(self.screenshots / "failure.png")
        raise AssertionError(f"The page never showed {what}.") from trouble

    def all(self, selector: str, text: str | None = None) -> list[WebElement]:
        """Every element that is laid out and matches, in shadow trees too."""
        found: list[WebElement] = self.driver.execute_script(FIND, selector, text)
        return found

    def one(self, selector: str, text: str | None = None) -> WebElement:
        """Wait for the single element that matches."""

        def look() -> WebElement | None:
            found = self.all(selector, text)
            return found[0] if len(found) == 1 else None

        return self.until(look, f"one {selector} {text or ''}")

    def act(self) -> ActionChains:
        """What mouse and keys do."""
        from selenium.webdriver import ActionChains

        return ActionChains(self.driver)

    def picture(self, element: WebElement | None = None) -> Any:
        """A PIL image of an element, or of the whole page."""
        from PIL import Image

        data = element.screenshot_as_png if element else self.driver.get_screenshot_as_png()
        return Image.open(io.BytesIO(data)).convert("RGB")

    def settle(self) -> Any:
        """Wait until nothing moves any more; return the picture."""
        last = self.picture()

        def look() -> bool:
            nonlocal last
            time.sleep(0.3)
            before, last = last, self.picture()
            return before.tobytes() == last.tobytes()

        self.until(look, "the same picture twice")
        return last

    def save(self, name: str) -> None:
        """Keep a screenshot of the page at rest, in few colours, which keeps it small."""
        picture = self.settle().quantize(128)
        picture.save(self.screenshots / f"{name}.png", optimize=True)
