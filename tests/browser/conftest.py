"""TensorBoard, Chromium and the logs that the browser tests look at, started and stopped."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.curves import Curves
from tests.browser.graph_tab import GraphTab
from tests.browser.page import chromium
from tests.browser.programs import Losses, write_logs
from tests.browser.server import tensorboard

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder for screenshots, empty at the start."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    return SCREENSHOTS


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def losses(logdir: Path) -> dict[str, Losses]:
    """The losses of each training run, by step, as the program had them when it wrote them."""
    return write_logs(logdir)


@pytest.fixture(scope="module")
def address(
    logdir: Path, losses: dict[str, Losses], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a TensorBoard that has read all the logs."""
    runs = {path.name for path in logdir.iterdir()}
    assert runs > set(losses)
    with tensorboard(logdir, runs, tmp_path_factory.mktemp("tensorboard") / "output") as found:
        yield found


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    """Chromium, with a profile of its own."""
    with contextlib.ExitStack() as stack:
        # No proxy stands between this machine and itself.
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("no_proxy", "localhost,127.0.0.1")
        # A profile below pytest's folder is too deep for the names of Chromium's sockets.
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        driver = chromium(Path(stack.enter_context(folder)))
        try:
            yield driver
        finally:
            driver.quit()


@pytest.fixture
def curves(driver: Chrome, address: str, screenshots: Path) -> Curves:
    return Curves(driver, address, screenshots)


@pytest.fixture
def graph_tab(driver: Chrome, address: str, screenshots: Path) -> GraphTab:
    return GraphTab(driver, address, screenshots)
