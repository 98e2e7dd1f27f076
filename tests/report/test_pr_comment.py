"""The comment under a pull request, from real commits in temporary clones."""

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stages import pr_comment
from stages.lib.common import write_text
from stages.lib.report.changes import LONGEST, FreshRun, Since
from stages.lib.repository.staleness import stale_stages
from tests.conftest import Changed, Command, Done
from tests.diff.commits import AGAINST, Commits, scores
from tests.project import NUMBERS, Project

# What standard error says of a branch whose stages were not run.
NOT_RUN = (
    "Nothing was run, because HEAD is not up to date; the comment says what to do."
)
GITHUB = {
    "GITHUB_REPOSITORY": "someone/project",
    "GITHUB_SERVER_URL": "https://github.com",
}

# Writes a project's comment against a revision.
Comment = Callable[[Project, str], Done]


def test_without_a_remote_on_github_a_chart_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("rm", "--quiet", "metrics/charts/dropout.svg")
    (project.folder / "metrics/charts/neurons.svg").write_text(
        "<svg/>", encoding="utf-8"
    )
    project.commit_all("Spoil the charts")
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    old, new = (project.git("rev-parse", name).strip() for name in ("HEAD~1", "HEAD"))
    since = Since("HEAD~1", new)
    assert since.pictures() == {
        "dropout": [f"`git show {old[:7]}:metrics/charts/dropout.svg`", "–"],
        "neurons": [
            f"`git show {commit[:7]}:metrics/charts/neurons.svg`"
            for commit in (old, new)
        ],
    }
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/project")
    assert since.pictures()["dropout"][0] == (
        f"![dropout](https://github.com/someone/project/raw/{old}/metrics/charts/dropout.svg)"
    )


def refused(project: Project) -> str:
    """Return the comment on the last commit, by the real command, which ends with status 1."""
    done = project.make(
        "--silent", "pr-comment", "AGAINST=HEAD~1", ok=False, variables=GITHUB
    )
    assert done.returncode == 2  # make's; the stage's is 1
    assert "Error 1" in done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture
def comment(in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Comment:
    """Return a function that writes a project's comment in this process."""
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)

    def write(project: Project, against: str) -> Done:
        monkeypatch.chdir(project.folder)
        return in_process(pr_comment, against)

    return write


def test_a_pull_request_that_ran_its_stages(
    changed: Changed, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = changed.project
    # What main has gained since is not a change of this branch.
    project.git("checkout", "--quiet", "main")
    (project.folder / "params.yaml").write_bytes(
        project.read("params.yaml").replace(b"seed: 7", b"seed: 8")
    )
    project.commit_all("Another seed, on main")
    project.git("checkout", "--quiet", "narrow-nets")

    monkeypatch.setattr(pr_comment, "run_fresh", lambda: FreshRun([]))
    text = comment(project, "main").stdout
    assert "**Reproduced.**" in text
    assert (
        "- `experiments.neurons.grid.module__n_neurons: 4, 8, 16 added; 1, 5 removed`"
        in text
    )
    assert "seed" not in text
    base, head = (
        project.git("rev-parse", name).strip() for name in ("main~1", "narrow-nets")
    )
    assert f"compared with {base[:7]}, where this branch left main." in text
    first = text.splitlines()[1]
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


def test_a_pull_request_that_changes_nothing(
    project: Project, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pr_comment, "run_fresh", lambda: FreshRun([]))
    (project.folder / "my_notes.md").write_text("not committed", encoding="utf-8")
    done = comment(project, "main")
    assert "**Reproduced.**" in done.stdout
    answer = json.loads(project.read("metrics/evaluation.json"))
    used = f"Use {answer['use'] or 'none of the models'}, as before; the kept net, {answer['kept']}, is unchanged."
    assert (
        f"\n**{used}** Unchanged: all scores are the same. {AGAINST}.\n" in done.stdout
    )
    assert "details" not in done.stdout
    assert (
        "note: uncommitted changes are left out; the comment describes HEAD."
        in done.stderr
    )


@pytest.mark.parametrize("file", ["params.yaml", "nets/network.py"])
def test_params_or_code_changed_without_a_run(
    project: Project, comment: Comment, file: str
) -> None:
    changed = project.read(file).replace(b"seed: 7", b"seed: 8") + b"# changed\n"
    (project.folder / file).write_bytes(changed)
    project.commit_all("Change without a run")
    done = comment(project, "HEAD~1")
    assert (done.returncode, done.stderr) == (1, f"error: {NOT_RUN}\n")
    assert "**Not rerun.**" in done.stdout
    assert "`search@dropout`, `search@neurons`" in done.stdout
    table = "data/pima-indians-diabetes.csv"
    assert (
        f"git add --all params.yaml dvc.lock metrics models nets {table}\n"
        in done.stdout
    )
    # Where DVC tracks the table, git refuses to add it.
    (project.folder / f"{table}.dvc").write_text("outs: []\n", encoding="utf-8")
    assert f" nets {table}.dvc data/.gitignore\n" in comment(project, "HEAD~1").stdout


@pytest.mark.long
def test_what_the_comment_says_to_run_is_what_is_needed(project: Project) -> None:
    project.git("config", "user.name", "Test")
    project.git("config", "user.email", "test@example.invalid")
    params = project.params()
    params["experiments"]["mine"] = {"grid": {"lr": [0.01]}}
    params["data"]["path"] = "data/my own.csv"
    project.write_params(params)
    project.run("cp", "data/pima-indians-diabetes.csv", "data/my own.csv")
    # An easy mistake: the new file is not committed, and nothing is run.
    project.git("commit", "--quiet", "--all", "--message", "Add an experiment and data")
    text = refused(project)
    script = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert script
    project.run("bash", "-e", "-c", script[1])
    assert project.git("status", "--short") == ""
    with contextlib.chdir(project.folder):
        assert stale_stages() == []
    assert "metrics/charts/mine.svg" in project.git("ls-files")


def test_a_fresh_run_that_fails_is_told(
    project: Project, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pr_comment, "run_fresh", lambda: FreshRun([], failed=True))
    done = comment(project, "main")
    assert "**A fresh run fails.**" in done.stdout
    assert (done.returncode, done.stderr) == (
        1,
        "error: A fresh run of HEAD fails; see its output above.\n",
    )


def test_without_a_branch_a_sentence_names_one(in_process: Command) -> None:
    done = in_process(pr_comment)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "Name what HEAD is compared with: `make pr-comment AGAINST=main` compares with main."
        in done.stderr
    )


def test_without_a_fresh_run_the_comment_says_so(
    project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    done = in_process(pr_comment, "--not-rerun", "main")
    assert (done.returncode, done.stderr) == (0, "")
    assert "**Not rerun.** Nothing was run for this comment" in done.stdout
    assert (
        "Grid search of `diabetes` in `data/pima-indians-diabetes.csv`, 768 rows, by `accuracy`,\n"
        in done.stdout
    )


def test_a_comment_on_everything_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comment: Comment
) -> None:
    """31 searches that all change, with long names, grids and charts."""
    monkeypatch.setattr(
        pr_comment, "run_fresh", lambda: FreshRun([], differing=("metrics/data.json",))
    )
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
    summary = NUMBERS | {
        "best_params": "",
        "not_by_kernel": {"it is too wide": ["lr=1"]},
    }
    write_text(
        commits.project.folder / f"metrics/search/{names[0]}/summary.json",
        json.dumps(summary),
    )
    commits.project.commit_all("A summary")
    text = comment(commits.project, "before").stdout
    assert len(text) <= LONGEST
    assert re.search(r"^and \d+ more searches$", text, re.MULTILINE)
    assert "Not shown: a_rather_long_name" in text
    assert "**Not reproduced.** After a fresh run of every stage" in text
    assert (
        "or in the processor. The engine's kernel did not train lr=1, because it is too wide. Last digits"
        in text
    )
    assert text.count("<details>") == text.count("</details>") > 0
