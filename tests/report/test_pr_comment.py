"""The comment under a pull request, from real commits in temporary clones."""

import json
import re
from collections.abc import Callable

import pytest

from stages import pr_comment
from stages.lib.config import load_params
from stages.lib.report.changes import changed_charts
from stages.lib.report.conclusions import Side
from stages.lib.report.fresh_run import FreshRun
from stages.lib.report.revisions import Change, differing, stale_stages
from stages.lib.report.templating import fill, signed
from tests.conftest import Changed, Command, Done
from tests.project import ROOT, Project

HERE = load_params(ROOT / "params.yaml")
GITHUB = {"GITHUB_REPOSITORY": "someone/project", "GITHUB_SERVER_URL": "https://github.com"}

# Writes a project's comment against a revision.
Comment = Callable[[Project, str], Done]


def test_without_a_remote_on_github_a_chart_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.git("rm", "--quiet", "metrics/charts/dropout.svg")
    (project.folder / "metrics/charts/neurons.svg").write_text("<svg/>", encoding="utf-8")
    project.commit_all("Spoil the charts")
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    old, new = (project.git("rev-parse", name).strip() for name in ("HEAD~1", "HEAD"))
    shown = {chart["name"]: (chart["old"], chart["new"]) for chart in changed_charts(old, new)}
    assert shown == {
        "dropout": (f"`git show {old[:7]}:metrics/charts/dropout.svg`", None),
        "neurons": tuple(f"`git show {commit[:7]}:metrics/charts/neurons.svg`" for commit in (old, new)),
    }
    project.git("remote", "set-url", "origin", "git@github.com:someone/project.git")
    assert changed_charts(old, new)[0]["old"] == (
        f"![metrics/charts/dropout.svg](https://github.com/someone/project/raw/{old}/metrics/charts/dropout.svg)"
    )


def refused(project: Project) -> str:
    """Return the comment on the last commit, by the real command, which ends with status 1."""
    done = project.make("--silent", "pr-comment", "AGAINST=HEAD~1", ok=False, variables=GITHUB)
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


def test_what_differs_is_sorted() -> None:
    assert differing({"b": "1", "a": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"}) == ["a", "b", "d"]
    assert [signed(value) for value in (0.1 + 0.2, -1, None)] == ["+0.3", "-1", ""]


def test_a_pull_request_that_ran_its_stages(
    changed: Changed, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = changed.project
    # What main has gained since is not a change of this branch.
    project.git("checkout", "--quiet", "main")
    (project.folder / "params.yaml").write_bytes(project.read("params.yaml").replace(b"seed: 7", b"seed: 8"))
    project.commit_all("Another seed, on main")
    project.git("checkout", "--quiet", "narrow-nets")

    monkeypatch.setattr(pr_comment, "run_fresh", lambda: FreshRun([], load_params()))
    text = comment(project, "main").stdout
    assert "**Reproduced.**" in text
    assert "| `experiments.neurons.grid.module__n_neurons` | `[1, 5]` | `[4, 8, 16]` |" in text
    assert "seed" not in text
    assert re.search(r"\| neurons: candidates that may be the best \| \d of 2 \| \d of 3 \|", text)
    assert re.search(r"\| its corrected score \| 0\.\d{4} \(0\.\d{4} to 0\.\d{4}\) \| 0\.", text)
    for commit in ("main~1", "narrow-nets"):
        assert json.loads(project.git("show", f"{commit}:metrics/evaluation.json"))["answer"] in text
    assert "| `answer` |" not in text
    assert "| `metrics/search/neurons.json` | `n_candidates` | `2` | `3` | +1 |" in text
    rows = re.findall(r"^\| `(metrics/\S+)` \| `(\S+)` \|", text, re.MULTILINE)
    assert rows == sorted(rows)
    base, head = (project.git("rev-parse", name).strip() for name in ("main~1", "narrow-nets"))
    for commit in (base, head):
        assert f"(https://github.com/someone/project/raw/{commit}/metrics/charts/neurons.svg)" in text
    assert "charts/dropout.svg" not in text
    assert str(project.folder) not in text


def test_a_pull_request_that_changes_nothing(
    project: Project, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pr_comment, "run_fresh", lambda: FreshRun([], load_params()))
    (project.folder / "my_notes.md").write_text("not committed", encoding="utf-8")
    done = comment(project, "main")
    assert "**Reproduced.**" in done.stdout
    assert done.stdout.count("No change.") == 3
    answer = json.loads(project.read("metrics/evaluation.json"))["answer"]
    assert f"\nAs on main: {answer}\n" in done.stdout
    assert "note: uncommitted changes are left out; the comment describes HEAD." in done.stderr


@pytest.mark.parametrize("file", ["params.yaml", "stages/lib/network.py"])
def test_params_or_code_changed_without_a_run(project: Project, comment: Comment, file: str) -> None:
    changed = project.read(file).replace(b"seed: 7", b"seed: 8") + b"# changed\n"
    (project.folder / file).write_bytes(changed)
    project.commit_all("Change without a run")
    done = comment(project, "HEAD~1")
    assert done.returncode == 1
    assert "**Not rerun.**" in done.stdout
    assert "`search@dropout`, `search@neurons`" in done.stdout


@pytest.mark.long
def test_what_the_comment_says_to_run_is_what_is_needed(project: Project) -> None:
    project.git("config", "user.name", "Test")
    project.git("config", "user.email", "test@example.invalid")
    params = project.params()
    params["experiments"]["mine"] = {"grid": {"lr": [0.01]}}
    params["data"]["path"] = "data/my own.csv"
    params["model"] |= {"module": "my_net.PimaClassifier", "source": "my_net.py"}
    project.write_params(params)
    project.run("cp", "data/pima-indians-diabetes.csv", "data/my own.csv")
    project.run("cp", "stages/lib/network.py", "my_net.py")
    # An easy mistake: the new files are not committed, and nothing is run.
    project.git("commit", "--quiet", "--all", "--message", "Add an experiment, data and a net")
    text = refused(project)
    script = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert script
    project.run("bash", "-e", "-c", script[1])
    assert project.git("status", "--short") == ""
    assert stale_stages(folder=project.folder) == []
    assert "metrics/charts/mine.svg" in project.git("ls-files")


def test_a_fresh_run_that_fails_is_told(project: Project) -> None:
    (project.folder / "stages/fetch.py").write_text("raise SystemExit(1)", encoding="utf-8")
    (project.folder / "params.yaml").write_bytes(project.read("params.yaml").replace(b"seed: 7", b"seed: 8"))
    project.run("dvc", "commit", "--force")
    project.commit_all("Break it")
    text = refused(project)
    assert "**A fresh run fails.**" in text
    assert "| `seed` | `7` | `8` |" in text


def test_a_commit_that_dvc_cannot_read_is_not_compared(project: Project, comment: Comment) -> None:
    (project.folder / "params.yaml").write_text("experiments: [", encoding="utf-8")
    project.commit_all("Break it")
    done = comment(project, "HEAD~1")
    assert "**A fresh run fails.**" in done.stdout
    assert done.stdout.count("Not compared.") == 3
    assert done.stderr.endswith("error: A fresh run of HEAD fails; see its output above.\n")


def test_odd_values_and_names_stay_in_their_cells() -> None:
    odd = [
        Change("params.yaml", "data.columns.*x* <i>.min", "a|b", ["ReLU", True, 0.5], None),
        Change("params.yaml", "data.target", "`x`\ny", "", None),
        Change("params.yaml", "data.url", None, "x", None),
    ]
    text = fill(
        "pr_comment.md.j2",
        against="a|b",
        fresh=FreshRun([], HERE, 768),
        answers=Side("Use a|b.", "Use *c*.\nOr d."),
        conclusions={"winner": Side(None, "a|b")},
        params=odd,
        metrics=[],
        charts=[],
    )
    assert "\na\\|b: Use a\\|b.\n\n**here: Use *c*. Or d.**\n" in text
    assert "| winner | – | a\\|b |\n" in text
    assert "Grid search of `diabetes` in `data/pima-indians-diabetes.csv`, 768 rows, by `accuracy`.\n" in text
    assert "| param | a\\|b | here |\n" in text
    assert "| `data.columns.*x* <i>.min` | `a\\|b` | `[ReLU, true, 0.5]` |\n" in text
    assert "| `data.target` | `'x' y` | `''` |\n" in text
    assert "| `data.url` | – | `x` |\n" in text


@pytest.mark.long
def test_a_fresh_run_that_gives_the_committed_bytes_is_told(changed: Changed) -> None:
    done = changed.project.make("--silent", "pr-comment", "AGAINST=main", variables=GITHUB)
    assert "**Reproduced.**" in done.stdout


@pytest.mark.long
def test_metrics_that_a_fresh_run_does_not_give(project: Project) -> None:
    name = "metrics/candidates/dropout.csv"
    (project.folder / name).write_bytes(project.read(name).replace(b"0.5,1.0", b"0.5,1.5"))
    project.run("dvc", "commit", "--force")
    project.commit_all("Improve the numbers by hand")
    text = refused(project)
    assert "**Not reproduced.**" in text
    assert f"`{name}`" in text


def test_mistakes_end_with_a_sentence(project: Project, comment: Comment, in_process: Command) -> None:
    done = comment(project, "nonsuch")
    assert done.stderr == "error: git has no revision 'nonsuch'. `git branch --all` and `git tag` list names.\n"
    done = in_process(pr_comment)
    assert "error: one argument is needed, a branch or commit" in done.stderr
    project.git("checkout", "--quiet", "--orphan", "stranger")
    project.git("commit", "--quiet", "--message", "Another beginning")
    done = comment(project, "main")
    assert "main and HEAD have no commit in common" in done.stderr
