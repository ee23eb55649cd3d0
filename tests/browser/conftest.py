"""A true browser: the Chromium of the system, driven by Playwright, with no way to the outside."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; the tests fail where there is none (apt-get install chromium)."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"no browser found ({', '.join(NAMES)}): apt-get install chromium"
    with sync_playwright() as playwright:
        # A container has no user namespaces for the sandbox; only pages made here are opened.
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
