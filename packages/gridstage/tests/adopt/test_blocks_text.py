"""Blocks of params.yaml are replaced in its text, and everything else stays as it was."""

from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides
from hypothesis import example, given
from hypothesis import strategies as st

from gridstage.adopt import block_text
from gridstage.common import write_text
from gridstage.config.aside.blocks import replace_blocks
from packages.gridstage.tests.refusals import refused

BLOCKS: dict[str, dict[str, Any]] = {
    "data": {"path": "x.csv"},
    "prepare": {"impute": None},
    "model": {"lr": 0.1},
}
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
        (
            "data: 1\nmodel: {\n  a: 1\n}\nseed: 7 # seven\n",
            "{data}{model}seed: 7 # seven\n\n{prepare}",
        ),
        ("---\nseed: 7\n", "---\nseed: 7\n\n{data}\n{prepare}\n{model}"),
        (
            "data:\n  a: |\n    # text\n\n\n# of seed\nseed: 7\n",
            "{data}\n\n# of seed\nseed: 7\n\n{prepare}\n{model}",
        ),
    ],
)
def test_blocks_are_replaced_and_comments_stay(before: str, after: str) -> None:
    assert replace_blocks(before, BLOCKS, block_text) == after.format(**NEW)


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
    with refused("takes no blocks; the file was left unchanged"):
        replace_blocks(text, BLOCKS, block_text)


TEXTS = st.one_of(
    st.text(
        st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1
    ),
    st.sampled_from(
        [
            "1e5",
            "0o7",
            "on",
            "yes",
            "y",
            "null",
            "~",
            ".5",
            "1_000",
            "=",
            "- a",
            "a: b",
            "#",
            "'",
            "0x1F",
            "<<",
        ]
    ),
)


# DVC can't set a key where a text has a `$` or a `\\`, which its `-S` takes for a command.
PLAIN = TEXTS.filter(
    lambda text: text not in {"<<", "="} and not set(text) & set("$\\")
)
LABELS = st.one_of(st.none(), st.booleans(), st.integers(), PLAIN)


@given(
    st.dictionaries(
        PLAIN,
        st.fixed_dictionaries({"type": PLAIN, "classes": st.lists(LABELS)}),
        max_size=3,
    )
)
@example({"a": {"type": "b?", "classes": ["0:0", None, "c" * 200, "d " * 100]}})
def test_dvc_does_not_rewrite_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "params.yaml"
    blocks: dict[str, dict[str, Any]] = {
        "data": {
            "url": None,
            "separator": "\t",
            "na_values": list(columns),
            "decimal": ".",
            "columns": columns,
        }
        | {"target": "x", "sample": 0.05},
        "prepare": {"impute": None, "scale": "standard"},
    }
    text = replace_blocks(
        "seed: 7\n\n# of data\ndata: 1\n\n# of prepare\nprepare: 1\n",
        blocks,
        block_text,
    )
    write_text(path, text)
    apply_overrides(path, ["seed=7"])
    assert path.read_text(encoding="utf-8") == text
