"""What DVC would say in words of its own is said first, in a sentence about params.yaml."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from stages import check
from tests.check.conftest import Write
from tests.conftest import Command
from tests.pages import DOCS
from tests.project import ROOT, environment
from tests.read_sample import SAMPLE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "params.yaml is missing here. Run from the top of the repository, or restore the file: `git checkout"),
        ("", "params.yaml should have sections, such as `data:` and `model:`, and has none. Restore it"),
        ("experiments: {}", "params.yaml: experiments is empty; it should have 1 or more"),
        ("seed: 7", "params.yaml: experiments is missing; add it"),
        (
            "experiments: {../x y: 1}",
            "params.yaml: experiments.../x y is '../x y': an experiment's name has letters fro",
        ),
    ],
)
def test_what_dvc_blames_on_its_own_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Command, text: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("params.yaml").write_text(text, encoding="utf-8")
    done = in_process(check)
    assert done.returncode == 1
    assert f"error: {sentence}" in done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("experiments:", "searches:"),
        ("experiments:.*", "experiments:"),
        ("  batch_epochs:", "  ../x y:"),
        ("  n_repeats: 10", ""),
    ],
    ids=["no_experiments", "empty_experiments", "name", "key"],
)
def test_the_page_of_problems_has_dvcs_words(tmp_path: Path, old: str, new: str) -> None:
    text = re.sub(old, new, (SAMPLE / "params.yaml").read_text(encoding="utf-8"), count=1, flags=re.DOTALL)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "dvc.yaml").symlink_to(ROOT / "dvc.yaml")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n", encoding="utf-8")
    done = subprocess.run(["dvc", "repro", "--dry"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode
    listed = re.findall(r"`([^`]+)`", DOCS["problems.md"].partition("DVC's words")[2])
    known = [re.escape(words).replace("…", ".*") for words in listed if " " in words and "make" not in words]
    assert any(re.search(words, done.stderr) for words in known), done.stderr


@pytest.mark.parametrize(
    ("section", "key", "line"),
    [("cv", "n_repeats", "n_repeats: 10"), ("data", "separator", "separator: ','"), ("", "engine", "engine: lockstep")],
)
def test_a_key_that_dvc_reads_is_missed_even_with_a_default(
    write: Write, in_process: Command, section: str, key: str, line: str
) -> None:
    write({}, "optimizer")
    params = yaml.safe_load(Path("params.yaml").read_bytes())
    del (params[section] if section else params)[key]
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    place = f"{section}.{key}".removeprefix(".")
    assert (
        f"error: params.yaml: {place} is missing, and dvc.yaml reads it; add `{line}`, which is its default"
        in in_process(check).stderr
    )


def test_make_checks_before_dvc_starts() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    repro = makefile.partition("\nrepro:")[2].partition("\n\n")[0]
    assert repro.splitlines()[1].strip() == "python -m stages.check"
