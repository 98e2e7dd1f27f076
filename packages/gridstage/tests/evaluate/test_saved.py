"""The models that evaluate saves: the kept setting and the answer, fitted on all rows."""

import shutil
from pathlib import Path
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

from gridstage.config import Params
from gridstage.data import Columns, Dataset
from gridstage.engine import fit_seed, seed_everything
from gridstage.evaluate import nets
from gridstage.evaluate.nets import fit_on_all_rows
from gridstage.handover import ANSWER_FILE, MODEL_FILE, load_model
from gridstage.results import Results, files
from gridstage.results.evaluation import PredictionErrors
from gridstage.scores.splits import Folds, read_table
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.evaluate.conftest import (
    Evaluated,
    contents,
    model_in_skorch,
    params_of,
)
from packages.gridstage.tests.project import small_params, text_of, write_params
from packages.gridstage.tests.read_sample import SAMPLE, load_real_data
from packages.gridstage.tests.refusals import refused
from stages import evaluate


def test_the_model_is_the_kept_setting_fitted_on_every_row(
    evaluated: Evaluated,
) -> None:
    params = evaluated.params()
    data = load_real_data(params)
    _, card = load_model(evaluated.folder / MODEL_FILE)
    assert card.settings
    assert card.settings.model_dump() == params.model.model_dump() | {
        "optimizer": "Adamax",
        "train_split": None,
    }

    seed_everything(fit_seed(params.seed, 0))
    plain = model_in_skorch(params, optimizer=optim.Adamax, train_split=None)
    plain.fit(
        np.array(data.X, dtype=np.float32), data.y.astype(np.float32).reshape(-1, 1)
    )
    weights = onnx.load(evaluated.folder / MODEL_FILE).graph.initializer
    saved = {
        each.name.rpartition("/module.")[2]: numpy_helper.to_array(each)
        for each in weights
    }
    # The kernel has trained the one, skorch the other.
    for name, weight in plain.module_.state_dict().items():
        np.testing.assert_allclose(saved[name], weight.numpy(), rtol=1e-3, atol=1e-4)


def test_dvc_gets_what_is_too_large_for_git(
    evaluated_here: Evaluated, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked = Mock()
    monkeypatch.setattr("gridstage.evaluate.saved.track", tracked)
    small = [path.stat().st_size for path in (MODEL_FILE, ANSWER_FILE)]
    monkeypatch.setattr("gridstage.handover.model_file.MOST_BYTES", min(small))
    done = in_process(evaluate)
    large = Path("large", (MODEL_FILE, ANSWER_FILE)[small.index(max(small))].name)
    tracked.assert_called_once_with(large)
    assert f"it is {large}, which DVC tracks" in done.stdout
    shutil.rmtree("large")


def test_the_answer_is_saved_whichever_it_is(
    evaluated_here: Evaluated, in_process: Command
) -> None:
    """The constant is advised, as no model is better; then `evaluate.use` names a baseline, and another net."""
    data = load_real_data(evaluated_here.params())
    X = data.X
    assert evaluated_here.results.read(files.EVALUATION).handed_over == "majority_class"
    assert evaluated_here.shown.endswith(
        f"{ANSWER_FILE}: majority_class, fitted on all 768 rows\n"
    )
    model, card = load_model(ANSWER_FILE)
    assert (card.kind, card.name) == ("constant", "majority_class")
    assert model.outputs(card, X[:1])[1][0] == pytest.approx([500 / 768, 268 / 768])

    before = contents()
    raw = yaml.safe_load(before[Path("params.yaml")])
    for use, kind in {"logistic_regression": "linear", "starting_point": "net"}.items():
        raw["evaluate"]["use"] = use
        write_params(raw)
        done = in_process(evaluate)
        assert (
            f"As evaluate.use says, {ANSWER_FILE} is {'the net ' * (kind == 'net')}{use}; "
            in done.stdout
        )
        model, card = load_model(ANSWER_FILE)
        assert (card.kind, card.name) == (kind, use)
        assert MODEL_FILE.read_bytes() == before[MODEL_FILE]
        if kind == "linear":
            plain = make_pipeline(
                StandardScaler(), LogisticRegression(max_iter=1000)
            ).fit(X, data.y)
            assert model.outputs(card, X)[1] == pytest.approx(
                plain.predict_proba(X), abs=1e-5
            )
        roles = Results().table(files.INPUTS).groupby("role")["model"].first().to_dict()
        assert roles == {"answer": use, "net": "combined"}
        drawn = (
            Results()
            .table(files.ANSWER_DIAGNOSTICS)
            .query("panel == 'confusion'")["count"]
            .sum()
        )
        assert drawn == (
            2 * 768 if kind == "net" else 0
        )  # the baselines' have no row here


def test_costs_choose_the_threshold_of_what_is_saved(
    evaluated_here: Evaluated, in_process: Command
) -> None:
    """The net's is chosen by what it predicts; of the baselines here there are no probabilities."""
    before = contents()
    assert not {"costs", "thresholds"} & {
        *evaluated_here.results.read(files.EVALUATION).content()
    }
    assert load_model(MODEL_FILE)[1].threshold is None
    table = evaluated_here.results.table(files.THRESHOLDS)
    assert set(table["model"]) == {"combined"}
    assert table["cost"].isna().all()
    assert not table["chosen"].any()
    raw = yaml.safe_load(before[Path("params.yaml")])
    raw["evaluate"]["costs"] = {"false_positive": 2, "false_negative": 1}
    for classes, sentence in (
        (
            [0, 1],
            "majority_class has no probabilities, so evaluate.costs chooses no threshold.",
        ),
        (
            [0, 1, 2],
            "evaluate.costs has costs of mistakes, but the target is 3 classes; they are for two classes",
        ),
    ):
        raw["data"]["columns"]["diabetes"] = {"classes": classes}
        write_params(raw)
        done = in_process(evaluate)
        assert sentence in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    found, (_, card) = Results().read(files.EVALUATION), load_model(MODEL_FILE)
    assert found.costs == raw["evaluate"]["costs"]
    assert [*found.thresholds] == ["combined"]
    chosen = found.thresholds["combined"]
    assert chosen.calibrated == 0.67
    table = Results().table(files.THRESHOLDS).set_index("threshold")
    assert table.index[table["chosen"]] == [chosen.threshold]
    assert table["cost"].min() == table["cost"].loc[chosen.threshold]
    assert card.threshold == min(chosen.threshold, 0.999)
    assert load_model(ANSWER_FILE)[1].threshold is None


def test_a_last_fit_that_diverges_is_told() -> None:
    params = params_of()
    X = np.random.default_rng(0).normal(size=(21, 2))
    columns = Columns(dict.fromkeys("ab", "number"))
    data = Dataset(
        pd.DataFrame(X, columns=["a", "b"]), np.arange(21) % 2.0, columns, ("0", "1")
    )
    settings = params.model.model_dump() | {"train_split": None, "batch_size": 20}
    settings |= {"optimizer": "SGD", "lr": 1e30, "criterion": "BCEWithLogitsLoss"}
    with refused(r"The net deep diverged when it was fitted on all rows"):
        fit_on_all_rows("deep", settings, Folds(params, data))


def test_the_last_fit_takes_the_rows_that_a_sample_leaves_out() -> None:
    raw = small_params()
    raw["data"] |= {"sample": 0.5, "path": str(SAMPLE / raw["data"]["path"])}
    table = read_table(Params.model_validate(raw))
    assert len(table.data.y) == 384
    model, _, words = nets.fit("majority_class", {}, table, PredictionErrors())
    lines = text_of(raw["data"]["path"]).splitlines()
    share = np.mean([line.endswith(",1") for line in lines])
    assert model.predict_proba(np.zeros((1, 8)))[0] == pytest.approx(
        [1 - share, share], abs=1e-12
    )
    assert (
        words
        == "fitted on all 768 rows; compared with others on 384 of them, as data.sample says"
    )
