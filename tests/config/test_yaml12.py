"""Oracle: ruamel.yaml, with which DVC reads params.yaml."""

import pytest
import yaml
from ruamel.yaml import YAML

from stages.lib.config import yaml12

SCALARS = """1e-05 1e-3 1e5 1.5e3 .5 5. 0.1 -.inf .nan 0 -7 +5 007 0x1F 0o17 on off yes no true False null ~ Adam
kaiming_uniform_ 1:30 1.2.3 e5 - --""".split()


@pytest.mark.parametrize("scalar", [s for s in SCALARS if s != "-"])
def test_scalars_are_read_as_dvc_reads_them(scalar: str) -> None:
    dvc_reads = YAML(typ="safe", pure=True).load(f"key: {scalar}")
    assert repr(yaml12.load(f"key: {scalar}")) == repr(dvc_reads)


def test_an_empty_value_is_null() -> None:
    assert yaml12.load("key:") == {"key": None}


def test_a_key_that_stands_twice_is_refused_with_its_place() -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        yaml12.load("seed: 7\ncv: 1\nseed: 8\n")
    assert caught.value.problem_mark is not None
    assert caught.value.problem_mark.line in {0, 2}
    assert "'seed' occurs twice" in str(caught.value)
