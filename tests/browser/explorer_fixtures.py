"""A browser that no request can leave, and what went wrong in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright


@dataclass
class Watched:
    """A page, and the errors and outside requests that it should not have had."""

    page: Page
    problems: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "no chromium on the PATH; apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(
    browser: Browser, file: Path, width: int = 1280, dark: bool = False, fragment: str = ""
) -> Watched:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    watched = Watched(page)

    def route(request: Route) -> None:
        if request.request.url.startswith("file://"):
            request.continue_()
        else:
            watched.problems.append(f"request: {request.request.url}")
            request.abort()

    page.route("**/*", route)
    page.on("pageerror", lambda error: watched.problems.append(f"error: {error}"))
    page.on("dialog", lambda dialog: watched.problems.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda message: (
            watched.problems.append(f"console: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.goto(file.as_uri() + fragment)
    return watched
