"""What the report says of results, without a browser."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.report.page import facts, read_verdict
from stages.lib.report.templating import breakable, signed
from tests.project import ROOT, real_params


def test_long_names_break_at_their_joints_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net")
    assert shown == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.<wbr>Net"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is not JSON"),
        ("{}", "is not what the stage evaluate writes"),
        ('{"best_setting": "combined", "combined_score": "high"}', "is not what the stage evaluate writes"),
        ('{"best_setting": "a", "combined_score": 0.5, "combined_ci95": 1, "a_score": 1}', "is not what the stage"),
    ],
)
def test_a_broken_evaluation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/evaluation.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"metrics/evaluation.json {fault}"):
        read_verdict()


def test_a_verdict_without_intervals_speaks_of_no_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/evaluation.json").write_text(
        '{"best_setting": "mean", "combined_score": -1234567.5, "mean_score": -1000000, "starting_point_score": -2e6}',
        encoding="utf-8",
    )
    assert read_verdict() == "combined scores -1,234,568; starting_point -2,000,000; the best, mean, -1,000,000."


def test_facts_are_written_as_in_params_yaml() -> None:
    content = real_params()
    content["data"]["path"] = str(ROOT / content["data"]["path"])
    content["prepare"] |= {"impute": "median"}
    content["model"] |= {"callbacks": {"EarlyStopping": {"patience": 5, "load_best": True}}}
    found = facts(Params.model_validate(content), {"rows": 768, "positives": 268})
    assert found["Data"] | {"rows": "768", "class 0": "500", "class 1": "268"} == found["Data"]
    assert found["Data"]["sha256"] == content["data"]["sha256"]
    assert found["Preparation"] | {"impute": "median", "scale": "null"} == found["Preparation"]
    assert found["Every search starts from"]["callbacks"] == "{EarlyStopping: {patience: 5, load_best: true}}"


def test_differences_are_written_in_their_size() -> None:
    assert [signed(value) for value in (0.1 + 0.2, -1, -1_234_567.89, None)] == ["+0.3", "-1", "-1234568", ""]
