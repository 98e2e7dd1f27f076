"""Oracle: ruamel.yaml, with which DVC reads params.yaml."""

import re

import pytest
from ruamel.yaml import YAML

from stages.lib.config import yaml12

SCALARS = """1e-05 1e-3 1e5 1.5e3 .5 5. 0.1 -.inf .nan 0 -7 +5 007 0x1F 0o17 1_000 0b11 2020-01-01 on off yes no true
False null ~ Adam kaiming_uniform_ 1:30 1.2.3 e5 - --""".split()


@pytest.mark.parametrize("scalar", [s for s in SCALARS if s != "-"])
def test_scalars_are_read_as_dvc_reads_them(scalar: str) -> None:
    dvc_reads = YAML(typ="safe", pure=True).load(f"key: {scalar}")
    assert repr(yaml12.load(f"key: {scalar}")) == repr(dvc_reads)


def test_an_empty_value_is_null() -> None:
    assert yaml12.load("key:") == {"key": None}


def test_a_key_that_stands_twice_is_refused_with_its_place() -> None:
    with pytest.raises(yaml12.NotYAMLError, match="line 3: the key 'seed' occurs twice"):
        yaml12.load("seed: 7\ncv: 1\nseed: 8\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed 7\ndata: 1\n", "line 2, `data: 1`: it is not expected here: the line above lacks a colon"),
        ("seed 7\n\n# Why.\ndata: 1\n", "line 1, `seed 7`: it has no colon; write `key: value`"),
        ("a: 1\nb 2\nc: 3\n", "line 2, `b 2`: it has no colon; write `key: value`"),
        ("a:\n- 1\n-2\n", "line 3, `-2`: it has no colon; write `key: value`, or `- value` for an item"),
        ("a: [1, 2\nb: 3\n", "line 1, `a: [1, 2`: a bracket is not closed, or a comma is missing"),
        ("a: {x: 1 y: 2}\n", "line 1, `a: {x: 1 y: 2}`: a brace is not closed, or a comma is missing"),
        ("a: [1,, 2]\n", "line 1, `a: [1,, 2]`: a value is missing"),
        ("a:\n    b: 1\n  c: 2\n", "line 3, `c: 2`: its indentation and that of the lines above differ"),
        ("a: @x\n", "line 1, `a: @x`: a value that begins with this sign has to stand in quotes"),
        ("a: *x\n", "line 1, `a: *x`: a value that begins with * has to stand in quotes"),
        ("a: 1\n---\nb: 2\n", "line 2, `---`: `---` and `...` end the file for DVC; remove the line"),
        ("a:\n  b：1\n  c: 1\n", "line 2 has a fullwidth colon (U+FF1A); write `:` in its place"),
        ("a:\n- 1\n– 2\n", "line 3 has an en dash (U+2013); write `-` in its place"),
        ("a: \x00", "remove it"),
    ],
)
def test_the_parsers_words_are_put_plainly(text: str, sentence: str) -> None:
    with pytest.raises(yaml12.NotYAMLError, match=re.escape(sentence)):
        yaml12.load(text)
