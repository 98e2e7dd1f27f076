"""The lines that make a project, update it, and let a clone come over run as the pages show them."""

import re
from pathlib import Path

import pytest

from packages.gridstage.tests.adopt.conftest import as_text, passengers
from packages.gridstage.tests.pages import DOCS, PAGES
from packages.gridstage.tests.project import (
    IDENTITY,
    Project,
    small_params,
    text_of,
)

pytestmark = pytest.mark.long

# What an environment is made of, which tests have.
_INSTALLS = ("pip install ", "python3 -m venv ", "source ")


def lines_under(page: str, heading: str) -> str:
    """Return the lines of shell in a part of a page, without those that install packages."""
    _, _, part = page.partition(f"\n## {heading}\n")
    part, _, _ = part.partition("\n## ")
    blocks = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    lines = "".join(blocks).splitlines()
    return "\n".join(line for line in lines if not line.startswith(_INSTALLS))


def run(folder: Path, lines: str) -> str:
    """Run lines of shell until one fails."""
    return Project(folder).run("bash", "-euc", lines, variables=IDENTITY).stdout


def test_a_project_begins_is_committed_and_is_updated(tmp_path: Path) -> None:
    lines = lines_under(PAGES["README.md"], "Your own project")
    begin = lines_under(DOCS["your-project.md"], "Begin")
    assert begin.startswith(f"{lines}\n")
    (tmp_path / "data").mkdir()
    table = passengers().rename(columns={"survived": "churned"})
    (tmp_path / "data/churn.csv").write_text(as_text(table), encoding="utf-8")
    assert "Made " in run(tmp_path, begin)
    project = tmp_path / "my-project"
    assert text_of(project / "metrics/README.md").startswith("# Results\n\n> ")
    said = run(project, lines_under(DOCS["your-project.md"], "Take later fixes"))
    assert "params.yaml: fine" in said
    assert "Unchanged: all scores are the same" in said


def test_who_has_cloned_the_repository_comes_over(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    params = small_params()
    params["experiments"] = {"neurons": params["experiments"]["neurons"]}
    Project.copied(clone, params)
    heading = "If you have cloned this repository"
    run(clone, lines_under(DOCS["your-project.md"], heading))
    project = tmp_path / "my-project"
    assert text_of(project / "params.yaml") == text_of(clone / "params.yaml")
    found = sorted(path.name for path in (project / "metrics/search").iterdir())
    assert found == ["neurons"]
