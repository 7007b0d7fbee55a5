"""One Chromium for many tests, each of which finds it as if nothing had been opened before."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from dash.testing.browser import Browser
from selenium.common.exceptions import NoAlertPresentException, WebDriverException
from urllib3.exceptions import HTTPError

SIZE = (1600, 1000)


class SharedChromium:
    """Lends one dash.testing browser to test after test.

    Starting Chromium, and reading and compiling the page's scripts for the first time, takes longer
    than most tests. So the caches of what was loaded stay, and everything that a test could notice
    goes: windows with their emulation, dialogs and scripts, all that is stored, and the console.
    """

    def __init__(self, start: Callable[[], Browser]) -> None:
        self._start = start
        self._browser: Browser | None = None

    def lend(self, download_path: str) -> Browser:
        """The browser, with downloads going to ``download_path``; started if there is none."""
        if self._browser is None:
            self._browser = self._start()
        self._browser._download_path = download_path
        self._browser.driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": download_path}
        )
        return self._browser

    def clean(self, origins: Iterable[str]) -> None:
        """Forget what was opened and what ``origins`` have stored.

        A browser that cannot do this, because it has died or hangs, is ended; the next test gets
        another one.
        """
        if self._browser is None:
            return
        try:
            _close_windows(self._browser)
            _forget(self._browser, origins)
        except (WebDriverException, HTTPError):  # of Chromium, of its driver
            self.quit()

    def quit(self) -> None:
        """End the browser and its driver, if there is one."""
        if self._browser is not None:
            self._browser.__exit__(None, None, None)
            self._browser = None


def _close_windows(browser: Browser) -> None:
    """Put a new, empty tab in the place of all windows; what was emulated ends with its tab."""
    driver = browser.driver
    old = driver.window_handles
    for handle in old:
        driver.switch_to.window(handle)
        with suppress(NoAlertPresentException):
            driver.switch_to.alert.dismiss()
    driver.switch_to.new_window("tab")
    new = driver.current_window_handle
    for handle in old:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(new)
    driver.set_window_rect(0, 0, *SIZE)


def _forget(browser: Browser, origins: Iterable[str]) -> None:
    devtools = browser.driver.execute_cdp_cmd
    devtools("Network.clearBrowserCookies", {})
    devtools("Browser.resetPermissions", {})
    for origin in origins:
        devtools("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    browser.driver.get_log("browser")
