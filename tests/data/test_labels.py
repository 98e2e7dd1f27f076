"""Labels and names as people write them: numbers, blanks, line ends and Unicode forms."""

from pathlib import Path
from typing import Any

import pytest

from stages.lib.data import load_dataset
from tests.data.test_mistakes import TABLE, spec, told

NFC, NFD = "caf\u00e9", "cafe\u0301"


def labelled(*labels: str) -> str:
    return "a,b,y\n" + "".join(f"{i % 7},{i},{labels[i % len(labels)]}\n" for i in range(30))


@pytest.mark.parametrize(
    ("labels", "listed"),
    [
        (["1", "2", "3"], "[1, 2, 3]"),
        (["-1", "1"], "[-1, 1]"),
        (["1.0", "2.0"], "['1.0', '2.0']"),
        (["01", "02"], "['01', '02']"),
        (["0.5", "1.5"], "['0.5', '1.5']"),
    ],
)
def test_numbers_that_are_labels(tmp_path: Path, labels: list[str], listed: str) -> None:
    """The advice holds with a header and without, and works."""
    columns: dict[str, Any] = {"a": {}, "b": {}, "y": {}}
    content = labelled(*labels)
    advice = (
        f"; if these are classes, add `classes: {listed}` to data.columns.y in params.yaml; is it a number to predict?"
    )
    assert advice in told(tmp_path, content)
    assert advice in told(tmp_path, content.removeprefix("a,b,y\n"), header=False, columns=columns)
    columns["y"]["classes"] = labels
    data = load_dataset(spec(path=str(tmp_path / "data.csv"), header=False, columns=columns), classify=True, seed=7)
    assert data.classes == tuple(labels)
    assert data.y[: len(labels)].tolist() == list(range(len(labels)))


@pytest.mark.parametrize("label", ['"n\no"', '"n\r\no"', '" no "', "no ", NFC, NFD, '"a ""b"", c"', "01", "1.0"])
def test_labels_are_read_as_they_stand(tmp_path: Path, label: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(labelled(label, "yes"), encoding="utf-8", newline="")
    plain = label.strip().removeprefix('"').removesuffix('"').replace('""', '"')
    listed = {"y": {"classes": [plain, "yes"]}}
    data = load_dataset(spec(path=str(path), columns=listed), classify=True, seed=7)
    assert data.y[:2].tolist() == [0, 1]
    assert data.classes == (plain.strip(), "yes")


@pytest.mark.parametrize(
    ("label", "listed", "both"),
    [
        ('"n\r\no"', "n\no", r"'n\r\no' and 'n\no'"),
        (NFD, NFC, r"'cafe\u0301' and 'caf\xe9'"),
        ("no\u200bne", "none", r"'no\u200bne' and 'none'"),
        ("not\u00a0ok", "not ok", r"'not\xa0ok' and 'not ok'"),
    ],
)
def test_a_label_that_looks_like_a_listed_one(tmp_path: Path, label: str, listed: str, both: str) -> None:
    sentence = told(tmp_path, labelled(label, "yes"), columns={"y": {"classes": [listed, "yes"]}})
    assert "is not one of its classes (14 more such cells); " in sentence
    assert sentence.endswith(f"{both} look alike: write both in one way")


def test_a_label_with_a_line_end_is_told_in_one_line(tmp_path: Path) -> None:
    sentence = told(tmp_path, labelled("x", "yes"), columns={"y": {"classes": ["n\no", "yes"]}})
    assert sentence.endswith(r"they are 'n\no', yes: fix it, or add it to these classes in params.yaml")


def test_categories_in_two_unicode_forms(tmp_path: Path) -> None:
    content = "k,b,y\n" + "".join(f"{[NFC, NFD, 'x'][i % 3]},{i},{i % 2}\n" for i in range(30))
    sentence = told(tmp_path, content, columns={"k": {"type": "category"}, "y": {}})
    assert "column k: 'café' looks like another text (9 more such cells); 'caf" in sentence


def test_a_name_in_another_unicode_form(tmp_path: Path) -> None:
    sentence = told(tmp_path, TABLE.replace("a,", f"{NFD},", 1), columns={NFC: {"min": 0}, "y": {}})
    assert "'caf\\xe9' and 'cafe\\u0301' look alike" in sentence
