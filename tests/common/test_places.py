"""A sentence about a YAML file gets the line that it is about, and stays as it is where none can be told."""

from pathlib import Path

import pytest

from stages.lib.common import with_line

TEXT = """\
seed: 7
data:
  columns:
    a.b: {min: 0}
    a: {min: 0}
model:
  lr: 0.1
experiments:
  mine:
    grid:
      lr: {uniform: [0.1, 0.2]}
      optimizer:
      - SGD
      - Adam
"""


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("params.yaml: seed is -1: it should be more", "(line 1)"),
        ("params.yaml: experiments.mine.grid.optimizer[1]: 'Adam' is none", "(line 14)"),
        ("params.yaml: experiments.mine.grid.lr.uniform[0] is 0.1", "(line 11)"),
        # The longest key that fits, and no key that only begins like the place.
        ("params.yaml: data.columns.a.b.min is 0", "(line 4)"),
        ("params.yaml: data.columns.a is 0", "(line 5)"),
        ("params.yaml: model, with experiments.mine.fixed: broken", "(line 6)"),
        ("params.yaml: model.lr: broken, at my_net.py, line 3", "(params.yaml, line 7)"),
        # What is missing has the line of what it belongs to.
        ("params.yaml: experiments.mine.n_candidates is missing", "(line 9)"),
        ("params.yaml: experiments.mine.grid.optimizer[7] is none", "(line 12)"),
        # A place further back, or in a sentence on another file.
        ("params.yaml: BCELoss is no loss. Set model.lr to another one.", "(line 7)"),
        ("Lower model.lr in params.yaml, or use more rows.", "(params.yaml, line 7)"),
        ("params.yaml: models are none", ""),
        ("params.yaml: prepare is missing; add it", ""),
        ("params.yaml: line 2, column 3: broken", ""),
        ("data/x.csv: line 2, column a: 3 is none", ""),
        ("other.yaml: seed is -1", ""),
    ],
)
def test_the_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sentence: str, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TEXT, encoding="utf-8")
    assert with_line(sentence) == f"{sentence} {line}".rstrip()


def test_what_to_add_follows_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TEXT, encoding="utf-8")
    assert (
        with_line("params.yaml: data.x is missing; add\nx: 1") == "params.yaml: data.x is missing; add (line 2)\nx: 1"
    )


@pytest.mark.parametrize("text", ["seed: [1\n", "\x00", "[" * 5000], ids=["broken", "control", "deep"])
def test_a_file_that_is_no_yaml_has_no_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(text, encoding="utf-8")
    assert with_line("params.yaml: seed is -1") == "params.yaml: seed is -1"
