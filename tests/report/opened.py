"""A page of the browser, what it requested, and its complaints."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page


class Opened:
    """A page, what it requested, and its complaints."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())

    def __call__(self, script: str) -> Any:
        return self.page.evaluate(script)
