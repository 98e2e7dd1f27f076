"""What `gridstage diff --md` prints of real commits in temporary clones, as the workflow of a pull request calls it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from gridstage.commands import diff
from gridstage.common import write_text
from gridstage.report.changes import LONGEST
from packages.gridstage.tests.conftest import Changed, Command
from packages.gridstage.tests.diff.commits import Commits, scores
from packages.gridstage.tests.project import PLACES, Project, text_of

GITHUB = {
    "GITHUB_REPOSITORY": "someone/project",
    "GITHUB_SERVER_URL": "https://github.com",
}

# Returns what is said of two revisions of a project.
Said = Callable[..., str]


@pytest.fixture
def said(in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Said:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)

    def say(project: Project, *revisions: str) -> str:
        monkeypatch.chdir(project.folder)
        return in_process(diff, "--md", *revisions).succeeded()

    return say


def test_without_a_remote_on_github_a_chart_is_named(
    project: Project, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("rm", "--quiet", "metrics/charts/dropout.svg")
    write_text(project.folder / "metrics/charts/neurons.svg", "<svg/>")
    project.commit_all("Spoil the charts")
    old, new = (project.git("rev-parse", name).strip() for name in ("HEAD~1", "HEAD"))
    url = f"https://github.com/someone/project/raw/{old}/metrics/charts/dropout.svg"
    assert f"| dropout | ![dropout]({url}) | – |" in said(project, "HEAD~1", "HEAD")
    monkeypatch.delenv("GITHUB_REPOSITORY")
    path = "metrics/charts/neurons.svg"
    before, now = (f"`git show {commit[:7]}:{path}`" for commit in (old, new))
    assert f"| neurons | {before} | {now} |" in said(project, "HEAD~1", "HEAD")
    assert f"| neurons | {before} | `{path}` |" in said(project, "HEAD~1")


@pytest.mark.parametrize("within", PLACES)
def test_charts_are_those_of_the_projects_folder(
    tmp_path: Path, said: Said, within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a URL without a blank or a letter beyond ASCII, and in a command that prints them."""
    commits = Commits(tmp_path / "repository", within)
    chart = commits.project.folder / "metrics/charts/lr.svg"
    for tag in ("before", "after"):
        write_text(chart, f"<svg>{tag}</svg>")
        commits.commit(tag)
    text = said(commits.project, "before", "after")
    listed = re.findall(r"/raw/(\w+)/([!-~]*)\)", text)
    (old, path), (new, other) = listed
    assert (path, other) == (f"{quote(within)}/metrics/charts/lr.svg".strip("/"),) * 2
    assert [
        commits.git("log", "-1", "--format=%s", at).strip() for at in (old, new)
    ] == ["before", "after"]
    assert text_of(tmp_path / "repository" / unquote(path)) == "<svg>after</svg>"

    monkeypatch.delenv("GITHUB_REPOSITORY")
    shown = re.findall(r"`(git show [^`]*)`", said(commits.project, "before", "after"))
    printed = [commits.project.run("bash", "-c", command).stdout for command in shown]
    assert printed == ["<svg>before</svg>", "<svg>after</svg>"]


def test_a_pull_request_that_ran_its_stages(changed: Changed, said: Said) -> None:
    project = changed.project
    base, head = (
        project.git("rev-parse", name).strip() for name in ("main", "narrow-nets")
    )
    text = said(project, base, "HEAD")
    assert (
        "- `experiments.neurons.grid.module__n_neurons: 4, 8, 16 added; 1, 5 removed`"
        in text
    )
    assert f"\n{base[:7]} → HEAD ({head[:7]})\n" in text
    first = text.splitlines()[0]
    use = json.loads(project.read("metrics/evaluation.json"))["use"]
    assert re.fullmatch(r"\*\*.*Use .*neurons.* Cause: .*", first)
    assert str(use) in first
    assert re.search(
        r"^\| neurons \| .* \| 0\.\d{4} ± 0\.\d{4} \| 0\.\d{4} ± 0\.\d{4} \| .* \| \w+ \|$",
        text,
        re.MULTILINE,
    )
    assert "- 1 search unchanged: dropout." in text
    assert re.search(
        r"^\| neurons\.corrected \| 0\.\d{4} \| 0\.\d{4} \|$", text, re.MULTILINE
    )
    # The charts of the search that changed are shown, the others folded.
    shown, _, rest = text.partition("other charts differ</summary>")
    assert "| neurons | ![" in shown
    assert "| curves/neurons | ![" in rest
    for commit in (base, head):
        assert (
            f"(https://github.com/someone/project/raw/{commit}/metrics/charts/neurons.svg)"
            in text
        )
    assert "charts/dropout.svg" not in text
    assert str(project.folder) not in text


def test_a_text_on_everything_is_short(tmp_path: Path, said: Said) -> None:
    """31 searches that all change, with long names, grids and charts."""
    commits = Commits(tmp_path / "large")
    for turn, tag in enumerate(("before", "after")):
        names = [f"a_rather_long_name_of_a_search_{i}" for i in range(31)]
        settings = ", ".join(f"module__some_key_{turn}_{i}={i}" for i in range(9))
        commits.searches = {
            name: {settings: scores(0.7, turn), "lr=1": scores(0.7, 3)}
            for name in names
        }
        commits.fresh = {name: (settings, scores(0.7, turn), "") for name in names}
        commits.kept = names[0]
        commits.params["experiments"] = {
            name: {"grid": {"lr": list(range(turn, 300))}} for name in names
        }
        for name in names:
            write_text(
                commits.project.folder / f"metrics/charts/{name}.svg",
                f"<svg>{turn}</svg>",
            )
        commits.commit(tag)
    text = said(commits.project, "before", "after")
    assert len(text) <= LONGEST
    assert re.search(r"^and \d+ more searches$", text, re.MULTILINE)
    assert "Not shown: a_rather_long_name" in text
    assert text.count("<details>") == text.count("</details>") > 0
