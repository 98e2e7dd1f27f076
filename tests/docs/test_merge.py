"""The five lines of docs/pull-requests.md that merge two branches, each with results of its own, by real git and dvc.

Oracle: a run of every stage on the merged files, which must write the same bytes.
"""

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo

from gridstage.common import write_text
from packages.gridstage.tests.conftest import Changed
from packages.gridstage.tests.pages import DOCS, blocks
from packages.gridstage.tests.project import IDENTITY, ROOT, Project, text_of

# With the folder of large models, which the page has its reader name where it is.
_WITH_LARGE = "metrics models large"
(LINES,) = (
    [
        line.partition("#")[0].strip().replace("metrics models", _WITH_LARGE)
        for line in block.splitlines()
    ]
    for block in blocks(DOCS["pull-requests.md"], "sh")
    if "git merge" in block
)
SIDES = ("HEAD", "MERGE_HEAD")
# A search for each experiment, and a stage that reads them all, as best_params does, and deletes those that are gone.
PIPELINE = """\
stages:
  search:
    foreach: ${experiments}
    do:
      cmd: sh search.sh ${key}
      deps:
      - search.sh
      params:
      - experiments.${key}
      outs:
      - metrics/search/${key}: {cache: false, persist: true}
  best:
    cmd: sh best.sh
    deps: [best.sh, metrics/search, params.yaml]
    outs:
    - metrics/best: {cache: false, persist: true}
    - models: {cache: false, persist: true}
"""
SEARCH = """\
mkdir -p metrics/search
grep "^  $1:" params.yaml > metrics/search/$1
"""
BEST = """\
mkdir -p models large
for file in metrics/search/*; do
  grep -q "^  $(basename "$file"):" params.yaml || rm "$file"
done
cat metrics/search/* > metrics/best
cp metrics/best models/best
printf 'outs:\\n- md5: "%s"\\n  path: best\\n' "$(cksum < metrics/best)" > large/best.dvc
"""


class Branches(Project):
    """Branches on which all stages have run, with other experiments than `main` each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in (".dvc/config", ".gitattributes"):
            self.write(name, text_of(ROOT / name))
        self.write("dvc.yaml", PIPELINE)
        self.write("search.sh", SEARCH)
        self.write("best.sh", BEST)
        self.write_experiments({"a": 0.1, "b": 0.1, "c": 0.1})
        self.git("init", "--quiet", "--initial-branch=main")
        self.reproduce()
        self.commit_all("Start")

    def write(self, path: str, text: str) -> None:
        write_text(self.folder / path, text)

    def write_experiments(self, experiments: dict[str, Any]) -> None:
        """Write params.yaml with lines between experiments, so that edits of two do not touch."""
        text = "experiments:\n"
        for key, each in experiments.items():
            comments = f"  # {key}\n" * 3
            text += f"{comments}  {key}: {each}\n{comments}"
        self.write("params.yaml", text)

    def reproduce(self, *, force: bool = False) -> None:
        with contextlib.chdir(self.folder), Repo() as repo:
            repo.reproduce(force=force)

    def branch(self, name: str, changes: dict[str, Any]) -> None:
        """Commit a branch with other experiments, None for one that is removed, and what a run writes."""
        self.git("switch", "--quiet", "--create", name, "main")
        experiments = self.params()["experiments"] | changes
        kept = {key: each for key, each in experiments.items() if each is not None}
        self.write_experiments(kept)
        self.reproduce()
        self.commit_all(name)


def walk(project: Project, other: str, side: str, *resolve: str) -> str:
    """Merge another branch by the lines of the page; return what `dvc repro` prints."""
    merge, take, repro, *rest = LINES
    merged = project.run(
        *merge.replace("main", other).split(), ok=False, variables=IDENTITY
    )
    assert merged.returncode == 1
    assert "Merge conflict in dvc.lock" in merged.stdout
    results = (*project.metrics().values(), project.read("dvc.lock"))
    assert not any(b"<<<<<<<" in content for content in results)
    for line in (*resolve, take.replace("HEAD", side)):
        project.run("bash", "-c", line)
    said = project.run("bash", "-c", repro).stdout
    for line in rest:
        project.run("bash", "-c", line, variables=IDENTITY)
    assert project.git("status", "--porcelain") == ""
    return said


# What here and there the experiments are changed to, what of params.yaml stays where both conflict, and the experiments
# that are searched again when HEAD's results are taken, and when the others are.
Case = tuple[dict[str, Any], dict[str, Any], str, tuple[str, str]]
CASES: dict[str, Case] = {
    "other grids": ({"a": 0.2}, {"b": 0.3}, "", ("b", "a")),
    "the same change of a grid": ({"a": 0.2}, {"a": 0.2, "b": 0.3}, "", ("b", "")),
    "the same grid, otherwise": ({"a": 0.2}, {"a": 0.3}, "--theirs", ("a", "")),
    "added experiments": ({"a": 0.2, "d": 1}, {"b": 0.3}, "", ("b", "ad")),
    "deleted here": ({"b": None}, {"c": 0.3}, "", ("c", "")),
    "deleted here, changed there": ({"b": None}, {"b": 0.3}, "--ours", ("", "")),
    "deleted there": ({"a": 0.2}, {"c": None}, "", ("", "a")),
}


@pytest.fixture(scope="module")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Branches:
    """A repository with the branch `main`, and for each case the branches `here-CASE` and `there-CASE`."""
    branches = Branches(tmp_path_factory.mktemp("branches"))
    for number, (here, there, *_) in enumerate(CASES.values()):
        branches.branch(f"here-{number}", here)
        branches.branch(f"there-{number}", there)
    return branches


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "side", ["HEAD", pytest.param(SIDES[1], marks=pytest.mark.long)]
)
def test_the_lines_write_what_a_run_of_everything_would(
    branches: Branches, case: str, side: str
) -> None:
    number, (_, _, stays, searched) = list(CASES).index(case), CASES[case]
    branches.git("checkout", "--quiet", "--force", "--detach", f"here-{number}")
    fix = [f"git checkout {stays} params.yaml", "git add params.yaml"] if stays else []
    said = walk(branches, f"there-{number}", side, *fix)
    run = re.findall("Running stage 'search@(.)'", said)
    assert sorted(run) == list(searched[SIDES.index(side)])
    there = {path.name for path in branches.folder.glob("metrics/search/*")}
    assert there == set(branches.params()["experiments"])
    branches.reproduce(force=True)
    assert branches.git("status", "--porcelain", "--untracked-files=all") == ""


NEW = "+experiments.mine={grid: {module__n_layers: [1, 2]}, fixed: {optimizer: SGD}}"


@pytest.mark.long
def test_branches_of_the_whole_pipeline_are_merged(
    changed: Changed, tmp_path: Path
) -> None:
    """`narrow-nets` has another grid of neurons; others add an experiment, and delete one."""
    project = changed.project
    edits = {
        "mine": NEW,
        "gone": "~experiments.dropout",
    }
    for branch, edit in edits.items():
        project.git("switch", "--quiet", "--create", f"other-{branch}", "main")
        project.run("dvc", "exp", "run", "-S", edit)
        project.commit_all(branch)
    for branch, side in zip(edits, SIDES, strict=True):
        project.git("switch", "--quiet", "narrow-nets")
        walk(project, f"other-{branch}", side)
        assert "up to date" in project.run("dvc", "status").stdout
    results = (project.folder / "metrics").rglob("*")
    assert "dropout" not in {path.stem for path in results}
    clone = project.clone(tmp_path / "again")
    clone.run("dvc", "repro", "--force")
    assert clone.git("status", "--porcelain", "--untracked-files=all") == ""
