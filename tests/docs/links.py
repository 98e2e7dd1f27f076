"""Looks for links that lead nowhere in a folder of HTML, and for what its pages would load from a network."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


class Page:
    """What a page has: places that links lead to, addresses of links, and of what it loads."""

    def __init__(self, content: bytes) -> None:
        page = BeautifulSoup(content, "html.parser")
        self.places = {str(each["id"]) for each in page.select("[id]")}
        self.followed = [str(each["href"]) for each in page.select("a[href]")]
        self.loaded = [
            str(each.get("src", each.get("href")))
            for each in page.select("[src], [href]:not(a)")
        ]


def wrong_links(folder: Path) -> list[str]:
    """Return a line for each link that leads nowhere, and for each address of a network that a page or style loads."""
    paths = sorted(folder.rglob("*.html"))
    pages = {path: Page(path.read_bytes()) for path in paths}
    wrong = []
    for path, page in pages.items():
        within = [url for url in page.followed if not _is_outside(url)]
        lost = [url for url in page.loaded + within if not _is_there(path, url, pages)]
        wrong += [f"{path.relative_to(folder)}: {url}" for url in lost]
    for path in sorted(folder.rglob("*.css")):
        style = path.read_text(encoding="utf-8")
        urls = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", style)
        fetched = [url for url in urls if _is_outside(url)]
        wrong += [f"{path.relative_to(folder)}: {url}" for url in fetched]
    return wrong


def _is_outside(url: str) -> bool:
    return bool(urlsplit(url).netloc)


def _is_there(page: Path, url: str, pages: dict[Path, Page]) -> bool:
    """Return whether a file is in the folder, with the place in it that the address names."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return False
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target not in pages or not parts.fragment:
        return target.is_file()
    return unquote(parts.fragment) in pages[target].places
