"""What the report says of results, without a browser."""

import json
from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.report.page import facts
from stages.lib.report.summary import read_answer, read_contenders
from stages.lib.report.tables import Table
from stages.lib.report.templating import breakable
from tests.project import real_params
from tests.read_sample import SAMPLE


def test_long_names_break_at_underscores_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net, kaiming_uniform_")
    assert shown == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.Net, kaiming_<wbr>uniform_"
    assert breakable("n_layers=1, module__n_neurons=5", 16) == "n_layers=1, module__<wbr>n_<wbr>neurons=5"


ANSWER = {"answer": "Use a.", "kept": "a", "handed_over": "a", "inputs": "It needs b."}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is not JSON"),
        ("{}", "is not what the stage evaluate writes"),
        ("[]", "is not what the stage evaluate writes"),
        ('{"answer": "Use a.", "kept": "a"}', "is not what the stage evaluate writes"),
        (json.dumps(ANSWER | {"kept_brier_score": "low"}), "is not what the stage evaluate writes"),
    ],
)
def test_a_broken_evaluation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/evaluation.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"metrics/evaluation.json {fault}"):
        read_answer()


def contenders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *rows: str) -> Table:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics/candidates").mkdir(parents=True)
    header = "setting,params,mean_test_score,ci95,standing,kept,answer\n"
    (tmp_path / "metrics/candidates/evaluation.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return read_contenders()


def test_the_first_screen_has_the_contenders_that_tell_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = contenders(
        tmp_path,
        monkeypatch,
        *(f"e{i},module__n={i},0.{70 - i},0.03,could be as good,false,{str(i == 7).lower()}" for i in range(9)),
        # Other names of settings that are told under theirs.
        "again,module__n=0,0.70,0.03,could be as good,false,false",
        "simplest,lr=1,0.6,0.03,as good,false,false",
        "joint,lr=1,0.6,0.03,as good,true,false",
        "starting_point,model as it stands,0.5,0.03,worse,false,false",
        "combined,lr=2,nan,nan,,false,false",
        "logistic_regression,LogisticRegression,0.75,0.02,as good,false,false",
        "majority_class,DummyClassifier,0.4,0.01,worse,false,false",
    )
    assert table.headings == ["setting", "score", "vs. kept net", "what it is"]
    assert [row[0] for row in table.rows] == [
        *("logistic_regression", "e0", "e1", "e2", "e3"),
        *("e7", "joint", "starting_point", "majority_class"),
    ]
    assert table.rows[0] == ["logistic_regression", "0.7500 ± 0.0200", "as good", "LogisticRegression"]
    assert table.rows[1] == ["e0", "0.7000 ± 0.0300", "could be as good", "n=0"]
    assert [row[2] for row in table.rows[5:]] == ["could be as good", "", "worse", "worse"]
    assert table.marks == {5: "answer", 6: "kept"}


def test_without_intervals_contenders_have_scores_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ("joint,lr=1,nan,nan,,true,false", "mean,inputs ignored,-2e6,nan,,false,true")
    table = contenders(tmp_path, monkeypatch, *rows)
    assert table.headings == ["setting", "score", "what it is"]
    assert table.rows == [["mean", "-2,000,000", "inputs ignored"], ["joint", "no score", "lr=1"]]
    assert table.marks == {0: "answer", 1: "kept"}


def test_facts_are_written_as_in_params_yaml() -> None:
    content = real_params()
    content["data"]["path"] = str(SAMPLE / content["data"]["path"])
    content["prepare"] |= {"impute": "median"}
    content["model"] |= {"callbacks": {"EarlyStopping": {"patience": 5, "load_best": True}}}
    found = facts(Params.model_validate(content), {"rows": 768, "positives": 268})
    assert found["Data"] | {"rows": "768", "class 0": "500", "class 1": "268"} == found["Data"]
    assert found["Data"]["sha256"] == content["data"]["sha256"]
    assert found["Preparation"] | {"impute": "median", "scale": "null"} == found["Preparation"]
    assert found["Every search starts from"]["callbacks"] == "{EarlyStopping: {patience: 5, load_best: true}}"
