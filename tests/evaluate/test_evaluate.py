"""The stages baselines and evaluate: the folds that they draw, what evaluate writes, and the model it saves."""

import io
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from onnx import numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import optim

from stages import evaluate
from stages.lib.common import UserError, write_text
from stages.lib.config import Params, load_params
from stages.lib.data import Columns, Dataset
from stages.lib.engine import fit_seed, seed_everything
from stages.lib.evaluate import nets
from stages.lib.evaluate.nets import fit_on_all_rows, score_nets
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, load_model
from stages.lib.results import Results, files
from stages.lib.results.reading import WorkingTree
from stages.lib.scores.splits import make_splits, read_table
from stages.lib.told.answer import read_answer
from tests.conftest import Command
from tests.evaluate.settings import fresh_of, model_in_skorch, params_of, write_baselines, write_best, write_fresh
from tests.project import small_params
from tests.read_sample import SAMPLE, load_real_data


@dataclass(frozen=True)
class Evaluated:
    """A folder in which the stage has run, and what it printed."""

    folder: Path
    shown: str

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def results(self) -> Results:
        return Results(WorkingTree(self.folder))

    def params(self) -> Params:
        return load_params(self.folder / "params.yaml")


def write_params(folder: Path, raw: dict[str, Any]) -> None:
    """Write params.yaml, for the data of the project."""
    raw["data"]["path"] = str(SAMPLE / raw["data"]["path"])
    write_text(folder / "params.yaml", yaml.safe_dump(raw, sort_keys=False, allow_unicode=True))


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Run the stage on results written by hand."""
    folder = tmp_path_factory.mktemp("evaluated")
    raw = small_params()
    raw["experiments"] = {name: raw["experiments"][name] for name in ("dropout", "neurons")}
    raw["cv"] |= {"n_repeats": 2, "also_score": ["roc_auc"]}
    raw["evaluate"]["keep"] = "combined"
    write_params(folder, raw)
    params = Params.model_validate(raw)
    write_best(params, folder)
    write_baselines(params, folder, 6)
    write_fresh(params, folder, load_real_data(params))
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(shown):
        patch.chdir(folder)
        evaluate.main()
    return Evaluated(folder, shown.getvalue())


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_the_stage_draws_folds_and_weights_of_its_own(evaluated: Evaluated) -> None:
    params = evaluated.params()
    data = load_real_data(params)
    table = evaluated.results.table(files.CONTENDERS).set_index("setting")
    scores, second = (table.filter(regex=f"^split.*_test_{name}$") for name in ("score", "neg_brier_score"))
    assert [*scores, *second] == [f"split{i}_test_{name}" for name in ("score", "neg_brier_score") for i in range(6)]
    assert list(table)[-12:] == [*scores, *second]
    assert list(table.filter(regex="^mean")) == ["mean_test_score", "mean_test_roc_auc"]
    seed = fit_seed(params.seed, 0, 2)
    drawn = make_splits(data, params.cv.model_copy(update={"shuffle": True}), seed)
    searched = make_splits(data, params.cv, params.seed)
    assert not any(np.array_equal(a, b) for _, a in drawn for _, b in searched)

    settings = params.model.model_dump()
    found, flattered = (
        score_nets({"net": settings}, {}, fresh_of(data, params.model_copy(update={"seed": each}), drawn))["net"]
        for each in (seed, params.seed)
    )
    assert [*scores.loc["starting_point"]] == [*found.scores["score"]]
    assert [*second.loc["starting_point"]] == [*found.scores["neg_brier_score"]]
    assert not np.array_equal(found.scores["score"], flattered.scores["score"])
    assert table.loc["starting_point", "mean_test_roc_auc"] == found.scores["roc_auc"].mean()
    assert table.loc["logistic_regression", "mean_test_score"] == 0.5


def test_the_stage_answers_first_and_writes_what_the_charts_show(evaluated: Evaluated) -> None:
    results, params = evaluated.results, evaluated.params()
    metrics, n_rows = results.json(files.EVALUATION), len(load_real_data(params).y)
    assert evaluated.shown.startswith("Use none of these models: majority_class, which ignores the inputs,")
    assert evaluated.shown.startswith(read_answer(results, params).text + "\n")
    assert (metrics["kept"], metrics["kept_score"]) == ("combined", metrics["combined_score"])
    assert {"best_setting", "runner_up", "simplest_p_value", "majority_class_score"} <= set(metrics)
    assert (metrics["n_rows"], sum(metrics["classes"].values())) == (n_rows, n_rows)
    table = results.table(files.DIAGNOSTICS)
    assert set(table["panel"]) == {"ROC", "precision and recall", "calibration", "confusion"}
    assert table.loc[table["panel"] == "confusion", "count"].sum() == 2 * n_rows
    assert 0 < metrics["kept_brier_score"] < 1
    # What the cards say of errors: of the answer by the stage baselines, of the net by its own predictions.
    errors = results.json(files.ERRORS)
    assert set(errors) == {"combined", "majority_class"}
    for path, name in ((MODEL_FILE, "combined"), (ANSWER_FILE, "majority_class")):
        assert load_model(evaluated.folder / path)[1].sets == errors[name]["sets"]
    assert set(errors["majority_class"]["sets"].values()) == {0.25}
    assert 0.5 > errors["combined"]["sets"]["0.90"] > errors["combined"]["sets"]["0.99"]
    # What is shuffled stands in one table, and is told of both.
    assert results.table(files.INPUTS).groupby("role")["column"].count().to_dict() == {"answer": 1, "net": 8}
    assert "\nmajority_class looks at none of the inputs. When a column is shuff" in evaluated.shown


def test_the_model_is_the_kept_setting_fitted_on_every_row(evaluated: Evaluated) -> None:
    params = evaluated.params()
    data = load_real_data(params)
    _, card = load_model(evaluated.folder / MODEL_FILE)
    assert card.settings
    assert card.settings.model_dump() == params.model.model_dump() | {"optimizer": "Adamax", "train_split": None}

    seed_everything(fit_seed(params.seed, 0))
    plain = model_in_skorch(params, optimizer=optim.Adamax, train_split=None)
    plain.fit(np.array(data.X, dtype=np.float32), data.y.astype(np.float32).reshape(-1, 1))
    weights = onnx.load(evaluated.folder / MODEL_FILE).graph.initializer
    saved = {each.name.rpartition("/module.")[2]: numpy_helper.to_array(each) for each in weights}
    # The kernel has trained the one, skorch the other.
    for name, weight in plain.module_.state_dict().items():
        np.testing.assert_allclose(saved[name], weight.numpy(), rtol=1e-3, atol=1e-4)


def test_the_answer_is_saved_whichever_it_is(
    evaluated: Evaluated, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    """The constant is advised, as no model is better; then `evaluate.use` names a baseline, and another net."""
    monkeypatch.chdir(evaluated.folder)
    data = load_real_data(evaluated.params())
    X = data.X
    assert evaluated.results.json(files.EVALUATION)["handed_over"] == "majority_class"
    assert evaluated.shown.endswith(f"{ANSWER_FILE}: majority_class, fitted on all 768 rows\n")
    model, card = load_model(ANSWER_FILE)
    assert (card.kind, card.name) == ("constant", "majority_class")
    assert model.outputs(card, X[:1])[1][0] == pytest.approx([500 / 768, 268 / 768])

    before = contents()
    raw = yaml.safe_load(before[Path("params.yaml")])
    try:
        for use, kind in {"logistic_regression": "linear", "starting_point": "net"}.items():
            raw["evaluate"]["use"] = use
            write_text("params.yaml", yaml.safe_dump(raw, sort_keys=False, allow_unicode=True))
            done = in_process(evaluate)
            assert f"As evaluate.use says, {ANSWER_FILE} is {'the net ' * (kind == 'net')}{use}; " in done.stdout
            model, card = load_model(ANSWER_FILE)
            assert (card.kind, card.name) == (kind, use)
            assert MODEL_FILE.read_bytes() == before[MODEL_FILE]
            if kind == "linear":
                plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, data.y)
                assert model.outputs(card, X)[1] == pytest.approx(plain.predict_proba(X), abs=1e-5)
            roles = Results().table(files.INPUTS).groupby("role")["model"].first().to_dict()
            assert roles == {"answer": use, "net": "combined"}
            drawn = Results().table(files.ANSWER_DIAGNOSTICS).query("panel == 'confusion'")["count"].sum()
            assert drawn == (2 * 768 if kind == "net" else 0)  # the baselines' have no row here
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_costs_choose_the_threshold_of_what_is_saved(
    evaluated: Evaluated, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    """The net's is chosen by what it predicts; of the baselines here there are no probabilities."""
    monkeypatch.chdir(evaluated.folder)
    before = contents()
    assert not {"costs", "thresholds"} & {*evaluated.results.json(files.EVALUATION)}
    assert load_model(MODEL_FILE)[1].threshold is None
    table = evaluated.results.table(files.THRESHOLDS)
    assert set(table["model"]) == {"combined"}
    assert table["cost"].isna().all()
    assert not table["chosen"].any()
    raw = yaml.safe_load(before[Path("params.yaml")])
    raw["evaluate"]["costs"] = {"false_positive": 2, "false_negative": 1}
    try:
        for classes, sentence in (
            ([0, 1], "majority_class has no probabilities, so evaluate.costs chooses no threshold."),
            ([0, 1, 2], "evaluate.costs has costs of mistakes, but the target is 3 classes; they are for two classes"),
        ):
            raw["data"]["columns"]["diabetes"] = {"classes": classes}
            write_text("params.yaml", yaml.safe_dump(raw, sort_keys=False, allow_unicode=True))
            done = in_process(evaluate)
            assert sentence in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
        found, (_, card) = Results().json(files.EVALUATION), load_model(MODEL_FILE)
        assert found["costs"] == raw["evaluate"]["costs"]
        assert [*found["thresholds"]] == ["combined"]
        chosen = found["thresholds"]["combined"]
        assert chosen["calibrated"] == 0.67
        table = Results().table(files.THRESHOLDS).set_index("threshold")
        assert table.index[table["chosen"]] == [chosen["threshold"]]
        assert table["cost"].min() == table.loc[chosen["threshold"], "cost"]
        assert card.threshold == min(chosen["threshold"], 0.999)
        assert load_model(ANSWER_FILE)[1].threshold is None
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_all_that_can_fail_comes_before_anything_is_written(
    evaluated: Evaluated, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    monkeypatch.chdir(evaluated.folder)
    path, contenders = Path(files.BASELINE_DIAGNOSTICS.path), files.CONTENDERS.path
    diagnostics, before = path.read_bytes(), evaluated.read(contenders)
    try:
        path.unlink()
        write_text(contenders, "of the last run")
        assert f"{path} is missing. Run `dvc repro baselines`" in in_process(evaluate).stderr
        path.write_bytes(diagnostics)
        monkeypatch.setattr(nets, "fit_on_all_rows", Mock(side_effect=UserError("The last fit diverged.")))
        done = in_process(evaluate)
        assert ("The last fit diverged." in done.stderr, done.stdout) == (True, "")
        assert evaluated.read(contenders) == b"of the last run"
    finally:
        path.write_bytes(diagnostics)
        Path(contenders).write_bytes(before)


def test_an_evaluation_that_is_stopped_goes_on_with_its_nets(
    evaluated: Evaluated, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    monkeypatch.chdir(evaluated.folder)
    monkeypatch.setattr("lockstep.checkpoints.checkpoint._MOST", 0.0)
    shutil.rmtree(".kept", ignore_errors=True)  # what a slow machine has kept where a stage was made to fail
    before, save = contents(), evaluate.save
    monkeypatch.setattr(evaluate, "save", Mock(side_effect=UserError("The disk is full.")))
    assert "The disk is full." in in_process(evaluate).stderr
    assert list(Path(".kept/@evaluate").iterdir())
    monkeypatch.setattr(evaluate, "save", save)
    monkeypatch.setattr("lockstep.search._train", None)
    done = in_process(evaluate)
    assert done.returncode == 0, done.stderr
    assert contents() == before


def test_a_last_fit_that_diverges_is_told() -> None:
    params = params_of()
    X = np.random.default_rng(0).normal(size=(21, 2))
    columns = Columns(dict.fromkeys("ab", "number"))
    data = Dataset(pd.DataFrame(X, columns=["a", "b"]), np.arange(21) % 2.0, columns, ("0", "1"))
    settings = params.model.model_dump() | {"train_split": None, "batch_size": 20}
    with pytest.raises(UserError, match=r"The net deep diverged when it was fitted on all rows"):
        fit_on_all_rows(
            "deep", settings | {"optimizer": "SGD", "lr": 1e30, "criterion": "BCEWithLogitsLoss"}, data, params
        )


def test_the_last_fit_takes_the_rows_that_a_sample_leaves_out() -> None:
    raw = small_params()
    raw["data"] |= {"sample": 0.5, "path": str(SAMPLE / raw["data"]["path"])}
    table = read_table(Params.model_validate(raw))
    assert len(table.data.y) == 384
    model, _, words = nets.fit("majority_class", {}, table, {})
    lines = Path(raw["data"]["path"]).read_text(encoding="utf-8").splitlines()
    share = np.mean([line.endswith(",1") for line in lines])
    assert model.predict_proba(np.zeros((1, 8)))[0] == pytest.approx([1 - share, share], abs=1e-12)
    assert words == "fitted on all 768 rows; compared with others on 384 of them, as data.sample says"
