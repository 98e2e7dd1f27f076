"""From a table to predictions by commands alone: adopt, `dvc repro`, report, predict. `make test-all` runs them."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, r2_score

from packages.gridstage.tests.project import Project
from tests.tables import tables

IGNORES_INPUTS = ("majority_class", "mean")


def adopted(
    folder: Path, write: Callable[[Path], None], target: str
) -> tuple[Project, str]:
    """Return a project, committed as it is here, that has adopted a table, and what adopt printed."""
    project = Project.copied(folder)
    project.commit_first()
    write(folder / "data/table.csv")
    return project, project.stage("adopt", "data/table.csv", target).stdout


def scores(project: Project) -> dict[str, float]:
    found: dict[str, Any] = json.loads(project.read("metrics/evaluation/answer.json"))
    return {each["name"]: each["mean"] for each in found["contenders"]}


def run_all(project: Project) -> pd.DataFrame:
    """Run the pipeline, the report and predictions of the table; check what holds for each table."""
    project.run("dvc", "repro")
    assert {"net"} == {
        Path(name).parent.name for name in project.metrics() if "/search/" in name
    }
    assert "metrics/search/dropout/candidates.csv" not in project.metrics()
    assert "up to date" in project.run("dvc", "status").stdout
    found = scores(project)
    (ignoring,) = (found[name] for name in IGNORES_INPUTS if name in found)
    assert found["net"] > ignoring
    project.stage("report")
    report = project.read("report.html").decode()
    assert "Pima" not in report.replace("PimaClassifier", "")
    page = project.read("metrics/README.md").decode()
    assert re.search("models/(answer|best).onnx (is|and) ", page)
    assert re.findall(r"^\| (\w+) \| \d", page, re.MULTILINE) == [
        *project.params()["experiments"]
    ]
    shown = project.stage("predict", "data/table.csv").stdout
    return pd.read_csv(io.StringIO(shown))


@pytest.mark.long
def test_penguins(tmp_path: Path) -> None:
    project, shown = adopted(tmp_path, tables.penguins, "species")
    assert "Unnamed: 0" in shown
    predicted = run_all(project)
    assert scores(project)["net"] > 0.95
    frame = pd.read_csv(tmp_path / "data/table.csv")
    labels = ["Adelie", "Chinstrap", "Gentoo"]
    assert list(predicted) == [
        "species",
        *(f"species={label}" for label in labels),
        "note",
    ]
    assert list(predicted["species"]) == [
        labels[i] for i in predicted.iloc[:, 1:4].to_numpy().argmax(axis=1)
    ]
    assert balanced_accuracy_score(frame["species"], predicted["species"]) > 0.97
    # Columns in another order, without the target, and with one more.
    other = frame.drop(columns="species")[::-1].iloc[:, ::-1].assign(more="x")
    other.to_csv(tmp_path / "data/other.csv", index=False, na_rep="NA")
    again = pd.read_csv(io.StringIO(project.stage("predict", "data/other.csv").stdout))
    pd.testing.assert_frame_equal(again[::-1].reset_index(drop=True), predicted)


@pytest.mark.long
def test_sales(tmp_path: Path) -> None:
    project, shown = adopted(tmp_path, tables.sales, "sold")
    assert "cv.order: date" in shown
    settings = (
        "cv.splitter=time",
        "cv.order=date",
        "cv.n_repeats=1",
        "cv.shuffle=false",
    )
    project.run(
        "dvc", "exp", "run", *(part for each in settings for part in ("-S", each))
    )
    assert scores(project)["net"] > 0.5
    project.stage("report")
    predicted = pd.read_csv(
        io.StringIO(project.stage("predict", "data/table.csv").stdout)
    )
    frame = pd.read_csv(tmp_path / "data/table.csv")
    assert r2_score(frame["sold"], predicted["sold"]) > 0.8


@pytest.mark.long
def test_orders(tmp_path: Path) -> None:
    project, shown = adopted(tmp_path, tables.orders, "Profit")
    assert "a number, written as $1,234.5" in " ".join(shown.split())
    predicted = run_all(project)
    profit = pd.read_csv(tmp_path / "data/table.csv")["Profit"]
    signs = profit.str.startswith("(").map({True: -1, False: 1})
    dollars = signs * profit.str.replace("[$,()]", "", regex=True).astype(float)
    assert r2_score(dollars, predicted["Profit"]) > 0.9
    # Bare numbers are the same, and other forms are refused.
    header = "Price ($),Discount,Weight\n"
    texts = ['"$4,100",5%,3 kg', "4100,5,3", "$4100,5 %,3.0"]
    (tmp_path / "data/new.csv").write_text(header + "\n".join(texts))
    new = pd.read_csv(io.StringIO(project.stage("predict", "data/new.csv").stdout))
    assert new["Profit"].nunique() == 1
    (tmp_path / "data/new.csv").write_text(header + '$1,1%,2\n"$4,10",5%,3 kg\n')
    done = project.stage("predict", "data/new.csv", ok=False)
    assert done.returncode == 1
    assert (
        "data/new.csv: line 3, column Price ($): '$4,10' is not a number written as in $1,234.5"
        in done.stderr
    )
