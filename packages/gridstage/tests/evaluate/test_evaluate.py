"""The stages baselines and evaluate: the folds that they draw, what evaluate writes, and the model it saves."""

import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from gridstage.common import UserError, write_text
from gridstage.engine import fit_seed
from gridstage.evaluate import nets
from gridstage.evaluate.nets import score_nets
from gridstage.handover import ANSWER_FILE, MODEL_FILE, load_model
from gridstage.results import files
from gridstage.scores.splits import make_splits
from gridstage.told.evaluation import paragraphs
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.evaluate.conftest import Evaluated, contents, fresh_of
from packages.gridstage.tests.read_sample import load_real_data
from stages import evaluate


def test_the_stage_draws_folds_and_weights_of_its_own(evaluated: Evaluated) -> None:
    params = evaluated.params()
    data = load_real_data(params)
    table = evaluated.results.table(files.CONTENDERS).set_index("setting")
    scores, second = (
        table.filter(regex=f"^split.*_test_{name}$")
        for name in ("score", "neg_brier_score")
    )
    assert [*scores, *second] == [
        f"split{i}_test_{name}"
        for name in ("score", "neg_brier_score")
        for i in range(6)
    ]
    assert list(table)[-12:] == [*scores, *second]
    assert list(table.filter(regex="^mean")) == ["mean_test_score", "mean_test_roc_auc"]
    seed = fit_seed(params.seed, 0, 2)
    drawn = make_splits(data, params.cv.model_copy(update={"shuffle": True}), seed)
    searched = make_splits(data, params.cv, params.seed)
    assert not any(np.array_equal(a, b) for _, a in drawn for _, b in searched)

    settings = params.model.model_dump()
    found, flattered = (
        score_nets(
            {"net": settings},
            {},
            fresh_of(data, params.model_copy(update={"seed": each}), drawn),
        )["net"]
        for each in (seed, params.seed)
    )
    assert [*scores.loc["starting_point"]] == [*found.scores["score"]]
    assert [*second.loc["starting_point"]] == [*found.scores["neg_brier_score"]]
    assert not np.array_equal(found.scores["score"], flattered.scores["score"])
    assert (
        table.loc["starting_point", "mean_test_roc_auc"]
        == found.scores["roc_auc"].mean()
    )
    assert table.loc["logistic_regression", "mean_test_score"] == 0.5


def test_the_stage_answers_first_and_writes_what_the_charts_show(
    evaluated: Evaluated,
) -> None:
    results, params = evaluated.results, evaluated.params()
    metrics, n_rows = results.read(files.EVALUATION), len(load_real_data(params).y)
    assert evaluated.shown.startswith(
        "Use none of these models: always naming the most frequent class gets accuracy"
    )
    assert evaluated.shown.startswith(
        "\n".join(paragraphs(results, params, results.read(files.ANSWER))) + "\n"
    )
    assert (metrics.kept, metrics.use, metrics.handed_over) == (
        "combined",
        None,
        "majority_class",
    )
    assert (metrics.n_rows, sum(metrics.classes.values())) == (n_rows, n_rows)
    table = results.table(files.DIAGNOSTICS)
    assert set(table["panel"]) == {
        "ROC",
        "precision and recall",
        "calibration",
        "confusion",
    }
    assert table.loc[table["panel"] == "confusion", "count"].sum() == 2 * n_rows
    assert metrics.kept_brier_score is not None
    assert 0 < metrics.kept_brier_score < 1
    # What the cards say of errors: of the answer by the stage baselines, of the net by its own predictions.
    errors = results.read(files.ERRORS).root
    assert set(errors) == {"combined", "majority_class"}
    for path, name in ((MODEL_FILE, "combined"), (ANSWER_FILE, "majority_class")):
        assert load_model(evaluated.folder / path)[1].sets == errors[name].sets
    assert set(errors["majority_class"].sets.values()) == {0.25}
    assert 0.5 > errors["combined"].sets["0.90"] > errors["combined"].sets["0.99"]
    # What is shuffled stands in one table, and is told of both.
    assert results.table(files.INPUTS).groupby("role")["column"].count().to_dict() == {
        "answer": 1,
        "net": 8,
    }
    assert (
        "\nmajority_class looks at none of the inputs. When a column is shuff"
        in evaluated.shown
    )


def test_all_that_can_fail_comes_before_anything_is_written(
    evaluated_here: Evaluated, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    path, contenders = Path(files.BASELINE_DIAGNOSTICS.path), files.CONTENDERS.path
    diagnostics = path.read_bytes()
    path.unlink()
    write_text(contenders, "of the last run")
    assert (
        f"{path} is missing. Run `dvc repro baselines`" in in_process(evaluate).stderr
    )
    path.write_bytes(diagnostics)
    monkeypatch.setattr(
        nets, "fit_on_all_rows", Mock(side_effect=UserError("The last fit diverged."))
    )
    done = in_process(evaluate)
    assert ("The last fit diverged." in done.stderr, done.stdout) == (True, "")
    assert evaluated_here.read(contenders) == b"of the last run"


@pytest.mark.usefixtures("evaluated_here")
def test_an_evaluation_that_is_stopped_goes_on_with_its_nets(
    monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    monkeypatch.setattr("lockstep.checkpoints.checkpoint._BETWEEN", 0.0)
    shutil.rmtree(
        ".kept", ignore_errors=True
    )  # what a slow machine has kept where a stage was made to fail
    before = contents()
    with monkeypatch.context() as full:
        full.setattr(
            "gridstage.evaluate.saved.save_model",
            Mock(side_effect=UserError("The disk is full.")),
        )
        assert "The disk is full." in in_process(evaluate).stderr
    assert list(Path(".kept/@evaluate").iterdir())
    monkeypatch.setattr("lockstep.search._train", None)
    done = in_process(evaluate)
    assert done.returncode == 0, done.stderr
    assert contents() == before
