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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seed: 7\ncv: 1\nseed: 8\n", "line 3, `seed: 8`: found duplicate key"),
        ("seed 7\ndata: 1\n", "line 2, `data: 1`: "),
        ("a: [1, 2\nb: 3\n", "line 2, `b: 3`: "),
        ("a: 1\n---\nb: 2\n", "line 2, `---`: "),
        ("a: 2026-02-30", "it can't be read: day is out of range"),
    ],
)
def test_what_is_not_yaml_has_the_parsers_words_and_a_line(text: str, line: str) -> None:
    with pytest.raises(yaml12.NotYAMLError, match=re.escape(line)):
        yaml12.load(text)
