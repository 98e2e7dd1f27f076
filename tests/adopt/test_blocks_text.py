"""Blocks of params.yaml are replaced in its text, and everything else stays as it was."""

from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages.lib.adopt import block_text, replace_blocks
from stages.lib.common import UserError
from stages.lib.config import yaml12
from tests.read_sample import SAMPLE

BLOCKS: dict[str, dict[str, Any]] = {"data": {"path": "x.csv"}, "prepare": {"impute": None}, "model": {"lr": 0.1}}
NEW = {name: block_text(name, block) for name, block in BLOCKS.items()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# top\nseed: 7\n\n# of data\ndata:\n  # inner\n  path: y\n\n# of prepare\nprepare: {a: 1}\n"
            "# of model\nmodel:\n  a: 1\n# end\n",
            "# top\nseed: 7\n\n# of data\n{data}\n# of prepare\n{prepare}# of model\n{model}# end\n",
        ),
        ("model:\n  a: 1\nprepare: 1\ndata:\n- 1\n- 2", "{model}{prepare}{data}"),
        ("data: 1\nmodel: {\n  a: 1\n}\nseed: 7 # seven\n", "{data}\n{prepare}{model}seed: 7 # seven\n"),
        ("---\nseed: 7\n", "---\nseed: 7\n\n{data}\n{prepare}\n{model}"),
        ("data:\n  a: |\n    # text\n\n\n# of seed\nseed: 7\n", "{data}\n{prepare}\n{model}\n\n# of seed\nseed: 7\n"),
    ],
)
def test_blocks_are_replaced_and_comments_stay(before: str, after: str) -> None:
    assert replace_blocks(before, BLOCKS) == after.format(**NEW)


def test_windows_line_ends_stay() -> None:
    new = replace_blocks("data: 1\r\nseed: 7\r\n", {"data": {"a": 1, "b": 2}})
    assert new == "data:\r\n  a: 1\r\n  b: 2\r\nseed: 7\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "{data: 1, seed: 7}\n",
        '{"data": {"path": "x"},\n"seed": 7}\n',
        "data: &x {a: 1}\nseed: *x\n",
        "? data\n: 1\n? seed\n: 7\n",
    ],
)
def test_a_form_without_blocks_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="blocks can't be replaced; the file was left unchanged"):
        replace_blocks(text, BLOCKS)


def test_the_committed_file_keeps_its_other_text() -> None:
    text = (SAMPLE / "params.yaml").read_text(encoding="utf-8")
    new = replace_blocks(text, BLOCKS)
    for line in text.partition("\ndata:\n")[0].splitlines():
        assert line in new
    content = yaml12.load(text)
    assert yaml12.load(new) == content | BLOCKS


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1),
    st.sampled_from(
        ["1e5", "0o7", "on", "yes", "y", "null", "~", ".5", "1_000", "=", "- a", "a: b", "#", "'", "0x1F", "<<"]
    ),
)


@given(st.dictionaries(TEXTS, st.fixed_dictionaries({"type": TEXTS, "classes": st.lists(TEXTS)})))
def test_names_and_labels_are_read_back_by_each_reader(columns: dict[str, Any]) -> None:
    block = {"columns": columns, "na_values": list(columns), "target": "x"}
    text = block_text("data", block)
    assert yaml12.load(text) == {"data": block}
    if "<<" not in columns and "=" not in columns:
        assert YAML(typ="safe").load(text) == {"data": block}  # DVC's reader
    assert all(line.startswith(("data:", "  ")) for line in text.splitlines())


# DVC can't set a key where a text has a `$` or a `\\`, which its `-S` takes for a command.
PLAIN = TEXTS.filter(lambda text: text not in {"<<", "="} and not set(text) & set("$\\"))
LABELS = st.one_of(st.none(), st.booleans(), st.integers(), PLAIN)


@given(st.dictionaries(PLAIN, st.fixed_dictionaries({"type": PLAIN, "classes": st.lists(LABELS)}), max_size=3))
@example({"a": {"type": "b?", "classes": ["0:0", None, "c" * 200, "d " * 100]}})
def test_dvc_does_not_rewrite_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "params.yaml"
    blocks: dict[str, dict[str, Any]] = {
        "data": {"url": None, "separator": "\t", "na_values": list(columns), "decimal": ".", "columns": columns}
        | {"target": "x", "sample": 0.05},
        "prepare": {"impute": None, "scale": "standard"},
    }
    text = replace_blocks("seed: 7\n\n# of data\ndata: 1\n\n# of prepare\nprepare: 1\n", blocks)
    path.write_text(text, encoding="utf-8")
    apply_overrides(path, ["seed=7"])
    assert path.read_text(encoding="utf-8") == text


def test_lists_and_comments_are_written_as_dvc_writes_them() -> None:
    assert block_text("data", {"url": None, "na_values": ["", "?"], "target": "x", "columns": {"a": {}}}) == (
        "data:\n"
        "  # Source of the file if it is missing or its hash differs: an http(s) URL, a local path, or null.\n"
        "  url:\n"
        "  na_values:\n"
        "  - ''\n"
        "  - '?'\n"
        "  target: x\n"
        "  # Columns that are not listed contain numbers. `use: false` leaves one out; `min` and `max` limit it.\n"
        "  columns:\n"
        "    a: {}\n"
    )
    assert yaml.safe_load(block_text("data", {"sample": 1.0})) == {"data": {"sample": 1.0}}
