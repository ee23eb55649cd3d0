"""A visit to a page that may load nothing from the network."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, Route


class Visit:
    """An open page with everything that went wrong on it: `problems` stays empty."""

    def __init__(
        self,
        browser: Browser,
        path: Path,
        width: int = 1280,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
    ) -> None:
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.context.route("**/*", self._only_files)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self._record(message.type, message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(path.as_uri())

    def _record(self, kind: str, text: str) -> None:
        if kind == "error":  # Vega-Lite warns of every chart that is as wide as its box
            self.problems.append(f"{kind}: {text}")

    def _only_files(self, route: Route) -> None:
        if route.request.url.startswith("file://"):
            route.continue_()
        else:
            self.problems.append(f"asked for {route.request.url}")
            route.abort()
