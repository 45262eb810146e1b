"""The Prefect UI in a headless Chromium, as an operator uses it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from demo.prefect_server import PrefectServer

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# The server is busy with runs while the page loads.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class RunPage:
    """The page of one run."""

    server: PrefectServer
    page: Page

    def open(self, run_id: str) -> None:
        self.page.goto(self.server.run_url(run_id))

    def expect_text(self, text: str) -> None:
        """Wait until `text` is to be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def show_artifact(self, key: str) -> None:
        """Open one of the artifacts of the run."""
        self.page.get_by_text("Artifacts").last.click()
        self.page.get_by_text(key).first.click()

    def follow(self, link: str) -> None:
        """Open a link, which opens a page of its own, and look at that."""
        with self.page.expect_popup() as opened:
            self.page.get_by_role("link", name=link).click()
        expect(opened.value.get_by_role("heading", name="What to do")).to_be_visible()
        opened.value.close()

    def press_retry(self) -> None:
        """Press Retry, and again where it asks whether that is meant."""
        self.page.get_by_role("button", name="Retry").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Retry").click()
        expect(self.page.get_by_role("button", name="Cancel")).to_be_visible()


@contextmanager
def open_browser() -> Iterator[Page]:
    """Run Chromium with a profile of its own; skip where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()
