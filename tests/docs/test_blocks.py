"""`python -m stages.docs`: what README.md says of results is what metrics/ has, or a sentence says why not."""

import re
from functools import partial
from pathlib import Path

import pytest

from stages import docs as stage
from stages.lib.best_params.leaderboard import read_searches
from stages.lib.common import UserError, format_params, short_params, write_text
from stages.lib.config import load_params
from stages.lib.docs import find_blocks
from stages.lib.results import Results, files
from stages.lib.told.evaluation import paragraphs
from tests.conftest import Command
from tests.project import SEARCHED, Project
from tests.read_sample import SAMPLE

PAGE = Path("README.md")
EMPTY = (SAMPLE / PAGE).read_text(encoding="utf-8")


@pytest.fixture
def docs(
    project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return a function that runs the command in a project that has run."""
    monkeypatch.chdir(project.folder)
    return partial(in_process, stage)


def test_the_blocks_say_what_is_in_metrics(docs: Command) -> None:
    write_text(PAGE, EMPTY)
    done = docs()
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "README.md: made anew from metrics/\n",
        "",
    )
    page = PAGE.read_text(encoding="utf-8")
    (quoted,) = re.findall(r"(?:^>.*\n)+", page, re.MULTILINE)
    told = [" ".join(each.replace("> ", "").split()) for each in quoted.split("\n>\n")]
    assert told == paragraphs(Results(), load_params(), Results().read(files.ANSWER))
    ((_, path),) = re.findall(r"!\[(.+)\]\((.+)\)", page)
    assert Path(path).is_file()

    found = read_searches(Results(), load_params())
    ranked = sorted(SEARCHED, key=lambda name: -found[name].rating)
    lines = [
        line
        for line in page.splitlines()
        if line.startswith(("| dropout |", "| neurons |"))
    ]
    for name, line in zip(ranked, lines, strict=True):
        search = found[name]
        worth, low, high = (f"{each:.4f}" for each in search.corrected or ())
        best = short_params(format_params(search.best_params))
        cells = (
            search.n_candidates,
            f"{search.best_score:.4f}",
            worth,
            f"{low} to {high}",
        )
        assert (
            line
            == f"| {name} | {' | '.join(map(str, cells))} | {search.n_in_best_set} | `{best}` |"
        )


def test_what_is_up_to_date_stays_and_what_is_not_is_named(docs: Command) -> None:
    before = PAGE.read_bytes()
    for arguments in ((), ("--check",)):
        assert docs(*arguments).stdout == "README.md is up to date\n"
    page = PAGE.read_text(encoding="utf-8")
    edited = re.sub(
        "^> Use",
        "> Never use",
        page.replace("# Diabetes", "# Ours"),
        flags=re.MULTILINE,
    )
    assert edited.count("Never use") == 1
    PAGE.write_text(edited, encoding="utf-8")
    done = docs("--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "error: README.md says something else than metrics/, in answer. Run `make docs`.\n"
    )
    assert PAGE.read_text(encoding="utf-8") == edited
    assert docs().returncode == 0
    assert PAGE.read_bytes() == before.replace(b"# Diabetes", b"# Ours")


def test_a_page_without_blocks_is_its_owners_and_needs_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in (None, "Write `<!-- make docs: answer -->` above.\n"):
        if text is not None:
            PAGE.write_text(text, encoding="utf-8")
        assert in_process(stage, "--check").stdout.startswith(
            "README.md has no blocks to make"
        )
        assert (PAGE.read_text(encoding="utf-8") if PAGE.exists() else None) == text


OPEN, CLOSE = "<!-- make docs: answer -->", "<!-- make docs: end -->"


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["a", OPEN], 2),
        ([OPEN, OPEN, CLOSE], 2),
        ([OPEN, CLOSE, "", CLOSE], 4),
        ([OPEN, "<!-- make docs: end"], 2),
        (["<!-- make docs: anser -->", CLOSE], 1),
    ],
)
def test_markers_that_do_not_match_are_told(lines: list[str], line: int) -> None:
    told = f"P: line {line} is not in order: {lines[line - 1]}. A block begins with the line `<!-- make docs: NAME -->`"
    with pytest.raises(UserError, match=re.escape(told)):
        find_blocks("P", "\n".join(lines))


def test_results_that_are_missing_or_of_other_experiments_are_refused(
    docs: Command, project: Project
) -> None:
    before, params = PAGE.read_bytes(), project.params()
    Path("metrics/search/neurons/summary.json").rename("kept.json")
    told = "error: metrics/search/neurons/summary.json is missing. Run `dvc repro search@neurons`.\n"
    assert docs("--check").stderr == told
    Path("metrics/search/neurons/summary.json").write_text("{}", encoding="utf-8")
    assert docs("--check").stderr.startswith(
        "error: metrics/search/neurons/summary.json is not "
    )
    Path("kept.json").rename("metrics/search/neurons/summary.json")
    del params["experiments"]["dropout"]
    project.write_params(params)
    assert docs().stderr.startswith("error: not up to date: ")
    params["experiments"] = {"neurons": {"grid": {"module__n_neurons": [99]}}}
    project.write_params(params)
    write_text(PAGE, f"<!-- make docs: searches -->\n{CLOSE}\n")
    assert (
        "is not in the grid of params.yaml. Run `dvc repro compare@neurons`."
        in docs("--check").stderr
    )
    assert PAGE.read_bytes() != before
