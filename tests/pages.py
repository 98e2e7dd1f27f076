"""The pages of docs/ and README.md, and the blocks of code in them."""

import re

from tests.project import ROOT

DOCS = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").glob("*.md"))
}


# README.md is another text in another project, or not there.
README = (
    (ROOT / "README.md").read_text(encoding="utf-8")
    if (ROOT / "README.md").exists()
    else ""
)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(page: str) -> list[str]:
    """Return the commands of a page of docs/ that are to be run one after the other."""
    return [
        line
        for block in blocks(DOCS[page], "bash")
        for line in block.splitlines()
        if line
    ]
