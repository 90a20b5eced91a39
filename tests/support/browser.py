"""A real browser, headless, that looks at the page: what the tests ask of it."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
AXE = Path(__file__).parents[1] / "functional/page/node_modules/axe-core/axe.min.js"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
)  # fmt: skip


class Browser:
    """One window. Selectors are CSS."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Load a page."""
        self.driver.get(url)

    def look(
        self, *, width: int = 1280, height: int = 1000, scheme: str = "light", motion: str = "no-preference"
    ) -> None:
        """Set the size of the window in CSS pixels, and what the person prefers: light or dark, "reduce" of motion."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion},
        ]  # fmt: skip
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def all(self, selector: str) -> list[WebElement]:
        """Return what there is."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all there is, read at one moment."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        return list(self.driver.execute_script(script, selector))

    def click(self, selector: str) -> None:
        """Click the first of them."""
        self.all(selector)[0].click()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def run(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script: str) -> Any:
        """Run a body that calls `done(result)` some time."""
        return self.driver.execute_async_script(f"const done = arguments[arguments.length - 1]; {script}")

    def wait(self, condition: Callable[[], object], seconds: float = 20.0, what: str = "") -> None:
        """Wait until something is the case."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"it did not happen in time: {what}"
            time.sleep(0.05)

    def axe(self) -> list[str]:
        """Return what breaks an accessibility rule: rule, place, words."""
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = self.run_async("axe.run().then((result) => done(result.violations))")
        return [f"{rule['id']} {node['target']}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """Run a browser; its files are in a folder of its own."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
