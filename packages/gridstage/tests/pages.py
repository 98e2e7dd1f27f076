"""The pages of docs/ and README.md, and the blocks of code in them."""

import re

from packages.gridstage.tests.project import ROOT, text_of

DOCS = {path.name: text_of(path) for path in sorted((ROOT / "docs").glob("*.md"))}


# By path. What is the user's is another text in another project, or not there.
PAGES = {f"docs/{name}": text for name, text in DOCS.items()} | {
    path: text_of(ROOT / path)
    for path in "README.md CHANGELOG.md CONTRIBUTING.md .github/pull_request_template.md data/README.md".split()
    if (ROOT / path).exists()
}


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
