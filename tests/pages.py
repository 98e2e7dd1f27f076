"""README.md and the pages of docs/, and the blocks of code in them."""

import re

from tests.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {"README.md": README} | {f"docs/{name}": text for name, text in DOCS.items()}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(page: str) -> list[str]:
    """Return the commands of a page that are to be run one after the other, such as those of `README.md`."""
    return [line for block in blocks(PAGES[page], "bash") for line in block.splitlines() if line]
