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


def table(text: str, first_column: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading, without its headings."""
    found = re.search(
        rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)",
        text,
        re.MULTILINE,
    )
    assert found, f"no table {first_column}"
    return [
        [cell.strip() for cell in row.strip("| ").split("|")]
        for row in found[1].splitlines()
    ]
