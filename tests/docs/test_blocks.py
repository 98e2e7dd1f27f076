"""`python -m stages.docs`: what README.md says of results is what metrics/ has, or a sentence says why not."""

import csv
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stages import docs as stage
from stages.lib.common import UserError, write_text
from stages.lib.docs import CONTENTS, find_blocks, replace_blocks
from tests.conftest import Command
from tests.project import SEARCHED, Project
from tests.read_sample import SAMPLE

PAGE = Path("README.md")
EMPTY = (SAMPLE / PAGE).read_text(encoding="utf-8")


@pytest.fixture
def docs(project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command in a project that has run."""
    monkeypatch.chdir(project.folder)
    return partial(in_process, stage)


def read_json(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(f"metrics/{name}.json").read_bytes())
    return content


def test_the_blocks_say_what_is_in_metrics(docs: Command) -> None:
    write_text(PAGE, EMPTY)
    done = docs()
    assert (done.returncode, done.stdout, done.stderr) == (0, "README.md: made anew from metrics/\n", "")
    page = PAGE.read_text(encoding="utf-8")
    assert max(map(len, (line for line in page.splitlines() if not line.startswith("|")))) <= 120

    (quoted,) = re.findall(r"(?:^> .*\n)+", page, re.MULTILINE)
    assert " ".join(quoted.replace("> ", "").split()) == read_json("evaluation")["answer"]
    ((picture, path),) = re.findall(r"!\[(.+)\]\((.+)\)", page)
    assert picture == "The best candidate of each experiment with its 95 % interval, by score"
    assert Path(path).is_file()

    found = {name: read_json(f"search/{name}") | read_json(f"compared/{name}") for name in SEARCHED}
    ranked = sorted(SEARCHED, key=lambda name: -found[name]["best_score_corrected"])
    lines = [line for line in page.splitlines() if line.startswith(("| dropout |", "| neurons |"))]
    rows = [line.strip("| ").split(" | ") for line in lines]
    assert [row[0] for row in rows] == ranked
    for name, *cells in rows:
        search = found[name]
        corrected = [f"{search[f'best_score_corrected{end}']:.4f}" for end in ("", "_low", "_high")]
        assert cells[:-1] == [
            str(search["n_candidates"]),
            f"{search['best_score']:.4f}",
            corrected[0],
            " to ".join(corrected[1:]),
            str(search["n_in_best_set"]),
        ]
        assert cells[-1] == f"`{search['best_params'].replace('module__', '')}`"

    with Path("metrics/candidates/evaluation.csv").open(encoding="utf-8") as file:
        scores = {row["setting"]: f"{float(row['mean_test_score']):.4f}" for row in csv.DictReader(file)}
    told, kept = " ".join(page.split()), read_json("evaluation")["kept"]
    assert f"Put together, the picks of the grid searches score {scores['combined']}, " in told
    assert f"the settings that every search starts from, {scores['starting_point']}." in told
    assert (
        f"The net {kept}, which is kept, scores {scores[kept]}, and logistic_regression {scores['logistic_regression']}"
        in told
    )


def test_what_is_up_to_date_stays_and_what_is_not_is_named(docs: Command) -> None:
    before = PAGE.read_bytes()
    for arguments in ((), ("--check",)):
        assert docs(*arguments).stdout == "README.md is up to date\n"
    page = PAGE.read_text(encoding="utf-8")
    edited = re.sub("^> Use", "> Never use", page.replace("# Diabetes", "# Ours"), flags=re.MULTILINE)
    assert edited.count("Never use") == 1
    PAGE.write_text(edited, encoding="utf-8")
    done = docs("--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: README.md says something else than metrics/, in answer. Run `make docs`.\n"
    assert PAGE.read_text(encoding="utf-8") == edited
    assert docs().returncode == 0
    assert PAGE.read_bytes() == before.replace(b"# Diabetes", b"# Ours")


@pytest.mark.parametrize("text", ["", "Write `<!-- make docs: answer -->` above.\n<!-- begin toc -->\n", None])
def test_a_page_without_blocks_is_its_owners_and_needs_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Command, text: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        PAGE.write_text(text, encoding="utf-8")
    for arguments in ((), ("--check",)):
        done = in_process(stage, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "README.md has no blocks to make" in done.stdout
    assert (PAGE.read_text(encoding="utf-8") if PAGE.exists() else None) == text


OPEN, CLOSE = "<!-- make docs: answer -->", "<!-- make docs: end -->"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["a", OPEN], "P: line 2: the block answer is not closed. Add the line `<!-- make docs: end -->` after it."),
        ([OPEN, OPEN, CLOSE], "P: line 1: the block answer is not closed."),
        ([CLOSE], "P: line 1 closes a block, but none is open."),
        ([OPEN, CLOSE, "", CLOSE], "P: line 4 closes a block, but none is open."),
        ([OPEN, "<!-- make docs: end"], "P: line 2 is a marker of `make docs` without its `-->`."),
        (
            ["<!-- make docs: anser -->", CLOSE],
            "P: line 1: `make docs` makes no block 'anser', but leaderboard",
        ),
        (["<!-- make docs -->", CLOSE], "P: line 1: `make docs` makes no block '', but"),
    ],
)
def test_markers_that_do_not_match_are_told(lines: list[str], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        find_blocks("P", "\n".join(lines), CONTENTS)
    assert str(caught.value).startswith(sentence)


def test_a_block_may_stand_anywhere_and_twice() -> None:
    page = "\n".join([OPEN, "old", CLOSE, "between", f"{OPEN}  ", CLOSE, "last"]) + "\n"
    new = replace_blocks(page, find_blocks("P", page, CONTENTS), {"answer": "one\ntwo"})
    block = f"{OPEN}\n\none\ntwo\n\n{CLOSE}\n"
    assert new == f"{block}between\n{block.replace(OPEN, f'{OPEN}  ')}last\n"
    assert replace_blocks(new, find_blocks("P", new, CONTENTS), {"answer": "one\ntwo"}) == new


def test_what_stands_around_a_block_stays_as_it_is() -> None:
    before, after = "a form\x0cfeed, a\u2028separator\n", "\nno end of the last line"
    page = f"{before}{OPEN}\n{CLOSE}{after}"
    new = replace_blocks(page, find_blocks("P", page, CONTENTS), {"answer": "one"})
    assert new == f"{before}{OPEN}\n\none\n\n{CLOSE}{after}"


def test_empty_lines_are_not_other_results(docs: Command) -> None:
    page = PAGE.read_text(encoding="utf-8")
    edited = page.replace(f"{OPEN}\n", f"{OPEN}\n\n").rstrip("\n")
    assert edited.count(f"{OPEN}\n\n\n") == 1
    PAGE.write_text(edited, encoding="utf-8")
    for arguments in ((), ("--check",)):
        assert docs(*arguments).stdout == "README.md is up to date\n"
    assert PAGE.read_text(encoding="utf-8") == edited


@pytest.mark.parametrize(
    ("path", "run"),
    [
        ("metrics/charts/leaderboard.svg", "dvc repro"),
        ("metrics/leaderboard.csv", "dvc repro"),
        ("metrics/evaluation.json", "dvc repro"),
        ("metrics/candidates/evaluation.csv", "dvc repro"),
        ("metrics/search/neurons.json", "dvc repro search@neurons"),
        ("metrics/compared/neurons.json", "dvc repro compare@neurons"),
    ],
)
def test_results_that_are_missing_or_broken_are_named(docs: Command, path: str, run: str) -> None:
    before = PAGE.read_bytes()
    Path(path).unlink()
    done = docs()
    assert (done.returncode, done.stderr) == (1, f"error: {path} is missing. Run `{run}`.\n")
    for content in ("", "{}", "a,b\n1,2\n"):
        Path(path).write_text(content, encoding="utf-8")
        assert docs("--check").stderr.startswith(f"error: {path} is not ")
    assert PAGE.read_bytes() == before


def test_results_of_other_experiments_are_refused(docs: Command, project: Project) -> None:
    before, params = PAGE.read_bytes(), project.params()
    dropout = params["experiments"].pop("dropout")
    project.write_params(params)
    for name, file in (
        ("leaderboard", "metrics/leaderboard.csv"),
        ("answer", "metrics/candidates/evaluation.csv"),
        ("comparison", "metrics/candidates/evaluation.csv"),
    ):
        write_text(PAGE, f"<!-- make docs: {name} -->\n{CLOSE}\n")
        told = f"error: {file} is from other experiments than those in params.yaml. Run `dvc repro`.\n"
        assert docs().stderr == told
    write_text(PAGE, f"<!-- make docs: searches -->\n{CLOSE}\n")
    params["experiments"] |= {"dropout": dropout, "wide": {"grid": {"lr": [0.1]}}}
    project.write_params(params)
    assert docs().stderr == "error: metrics/search/wide.json is missing. Run `dvc repro search@wide`.\n"
    params["experiments"] = {"neurons": {"grid": {"module__n_neurons": [99]}}}
    project.write_params(params)
    assert "is not in the grid of params.yaml. Run `dvc repro search@neurons`." in docs().stderr
    assert PAGE.read_bytes() != before
