"""The estimator that is built for a table: bare or a pipeline, its width, names and output, and what fits no column."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from skorch import NeuralNetClassifier
from torch import nn

from gridstage.common import UserError
from gridstage.config import Params, Prepare
from gridstage.config.space import all_candidates
from gridstage.data import Columns, Dataset
from gridstage.engine import net_of
from gridstage.experiment.aside.candidates import check_candidates
from gridstage.model import (
    build_estimator,
    nested_grid,
    resolve_experiment,
    rows,
    target,
)
from nets.table_net import TableNet
from packages.gridstage.tests.model.test_prepared import DATA, NUMBER
from packages.gridstage.tests.project import real_params, small_params
from packages.gridstage.tests.read_sample import SAMPLE, load_real_data
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.search_results import net_settings, opened

PORTS = Columns({"port": "category"}, {"port": ("C", "Q", "S")}, ("port",))


def test_numbers_with_nothing_to_prepare_are_a_bare_nets() -> None:
    data = load_real_data(Params.model_validate(real_params()))
    net = build_estimator(net_settings(), data, Prepare(), ["lr"])
    assert isinstance(net, NeuralNetClassifier)
    X = rows(data, net)
    assert X.dtype == np.float32
    assert np.array_equal(
        X,
        np.loadtxt(
            SAMPLE / "data/pima-indians-diabetes.csv", delimiter=",", dtype=np.float32
        )[:, :8],
    )
    assert nested_grid(net, [{"lr": 1}]) == [{"lr": [1]}]
    for prepare, uses in (
        (Prepare(scale="standard"), []),
        (Prepare(impute="mean"), []),
        (Prepare(), ["prepare__scale"]),
    ):
        estimator = build_estimator(net_settings(), data, prepare, uses)
        assert isinstance(estimator, Pipeline)
        assert [name for name, _ in estimator.steps] == ["prepare", "net"]
    kept = build_estimator(net_settings(prepare__scale="standard"), data, Prepare())
    assert kept["prepare"].scale == "standard"
    assert isinstance(
        build_estimator(
            net_settings(prepare__scale=None), data, Prepare(scale="robust")
        ),
        NeuralNetClassifier,
    )


def test_a_module_gets_the_width_unless_it_is_set() -> None:
    estimator = build_estimator(
        net_settings(), DATA, Prepare(impute="mean", indicator=True)
    )
    assert estimator["net"].initialize().module_.hidden[0].in_features == 14
    estimator.fit(
        rows(DATA, estimator), target(DATA.y, NeuralNetClassifier, nn.BCELoss)
    )
    assert estimator["net"].module_.hidden[0].in_features == 14
    own = build_estimator(
        net_settings(module__n_inputs=3), DATA, Prepare(impute="mean")
    )
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        own.fit(rows(DATA, own), target(DATA.y, NeuralNetClassifier, nn.BCELoss))


def test_a_module_gets_the_number_of_numbers_that_come_first() -> None:
    columns = {"tall": "boolean", "age": "number", "fare": "number"}
    table = pd.DataFrame({"tall": [0.0, 1, 1], "age": [1.0, 2, 3], "fare": [3.0, 5, 4]})
    data = Dataset(table, np.array([0.0, 1, 1]), Columns(columns), ("no", "yes"))
    settings = net_settings() | {"module": TableNet, "criterion": nn.CrossEntropyLoss}

    def found(data: Dataset, prepare: Prepare, **given: Any) -> int:
        return (
            net_of(build_estimator(settings | given, data, prepare))
            .initialize()
            .module_.n_numbers
        )

    assert found(DATA, Prepare(impute="mean")) == 2
    assert (
        found(data, Prepare(scale="standard")) == 2
    )  # a preparation puts them before the booleans
    assert found(data, Prepare()) == 0
    assert found(load_real_data(Params.model_validate(real_params())), Prepare()) == 8
    assert found(DATA, Prepare(impute="mean"), module__n_numbers=1) == 1


def test_candidates_keep_their_order_under_their_nested_names() -> None:
    data = Dataset(DATA.X, DATA.y, DATA.columns, ())
    grid: dict[str, list[Any]] = {
        "verbose": [0, 1],  # sorted after `prepare`, where `net__verbose` is before it
        "lr": [0.1],
        "prepare__scale": [None, "robust"],
        "prepare__target": ["standard", None],
    }
    estimator = build_estimator(
        net_settings(**NUMBER), data, Prepare(impute="mean"), grid
    )
    nested = nested_grid(estimator, all_candidates(grid))
    for plain, named in zip(all_candidates(grid), nested, strict=True):
        estimator.set_params(**{key: value for key, (value,) in named.items()})
        inner = estimator.regressor
        assert inner["net"].verbose == plain["verbose"]
        assert inner["prepare"].scale == plain["prepare__scale"]
        assert (estimator.transformer is not None) == (
            plain["prepare__target"] is not None
        )
    whole = Dataset(DATA.X[["fare"]], DATA.y, Columns({"fare": "number"}), ())
    alone = build_estimator(net_settings(**NUMBER), whole, Prepare(target="standard"))
    assert nested_grid(alone, [{"lr": 0.1}]) == [{"regressor__lr": [0.1]}]
    alone.set_params(regressor__lr=0.1)


def test_missing_cells_that_nothing_replaces_are_counted_and_named() -> None:
    with pytest.raises(UserError) as caught:
        build_estimator(net_settings(), DATA, Prepare())
    assert str(caught.value).startswith(
        "params.yaml: prepare.impute is null, but cells are missing, which a net can't take, in age (18), adult (14). "
        "Set it to mean, median or most_frequent, or leave such columns out with `use: false`."
    )
    for place, fixed, grid in (
        ("fixed.prepare__impute", {"prepare__impute": None}, {"lr": [0.1]}),
        ("grid.prepare__impute[1]", {}, {"prepare__impute": ["mean", None]}),
    ):
        with refused(r"params.yaml: experiments.mine.") as caught:
            check_candidates(
                opened(
                    DATA,
                    net_settings(**fixed),
                    grid,
                    fixed,
                    prepare=Prepare(impute="mean"),
                )
            )
        assert f"experiments.mine.{place} is null" in str(caught.value)
    with refused(r"params.yaml: prepare.impute is null"):
        check_candidates(
            opened(
                DATA, net_settings(), {"prepare__impute": ["mean"]}, prepare=Prepare()
            )
        )
    # A missing category is a category of its own.
    ports = Dataset(DATA.X[["port"]], DATA.y, PORTS, DATA.classes)
    assert (
        build_estimator(net_settings(), ports, Prepare())["prepare"].n_features_out == 4
    )


@pytest.mark.parametrize(
    "wrapper", ["NeuralNetClassifier", "NeuralNetBinaryClassifier"]
)
def test_logits_pass_one_sigmoid_only(data: Dataset, wrapper: str) -> None:
    raw = small_params()
    raw["model"] |= {"wrapper": wrapper, "criterion": "BCEWithLogitsLoss"}
    params = Params.model_validate(raw)
    settings, _ = resolve_experiment(params, "neurons")
    net = build_estimator(settings, data, Prepare())
    X = rows(data, net)
    net.fit(X, target(data.y, settings["wrapper"], settings["criterion"]))
    assert isinstance(net.module_.output, nn.Identity)
    logits = net.forward(X).flatten()
    assert net.predict_proba(X)[:, 1] == pytest.approx(
        logits.sigmoid().numpy(), abs=1e-6
    )
