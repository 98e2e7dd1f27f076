"""The code of the first page, docs/README.md, runs as it stands, prints what the page says, and draws its pictures."""

from pathlib import Path

import pytest

from packages.gridstage.tests.pages import DOCS, blocks
from packages.gridstage.tests.project import IDENTITY, ROOT, Project, text_of
from tests.docs.make_pictures import pictures

PAGE = DOCS["README.md"]
ENGINE, STATISTICS = zip(blocks(PAGE, "python"), blocks(PAGE, "text"), strict=True)


def test_the_example_of_the_engine_prints_what_the_page_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said = ENGINE
    exec(code, {})
    assert capsys.readouterr() == (said, "")


def test_the_example_of_the_statistics_prints_what_the_page_says_and_draws_its_picture(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, said = STATISTICS
    drawn = pictures()  # by this example
    assert capsys.readouterr() == (said, "")
    folder = ROOT / "docs/pictures"
    assert drawn == {path.name: text_of(path) for path in folder.iterdir()}


@pytest.mark.long
def test_the_commands_end_with_what_the_page_quotes(tmp_path: Path) -> None:
    (block,) = blocks(PAGE, "sh")
    begin, enter, *others = block.splitlines()
    Project(tmp_path).run("bash", "-c", begin)
    project = Project(tmp_path / enter.removeprefix("cd "))
    for line in others:
        said = project.run("bash", "-c", line, variables=IDENTITY).stdout
    (quote,) = (part for part in PAGE.split("\n\n") if part.startswith("> "))
    headline, *_ = said.splitlines()
    assert headline == quote.removeprefix("> ").replace("\n> ", " ")
