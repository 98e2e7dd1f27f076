"""What a search reports about its experiment before it starts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from stages.lib.common import UserError
from stages.lib.config import Params, Prepare
from stages.lib.data import Dataset
from stages.lib.model import build_estimator, check_candidates, resolve_experiment, rows, target
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import check_trial, make_splits
from tests.project import load_real_data, set_at, small_params


def check(changes: dict[str, Any], experiment: str) -> None:
    """Do what the stage does before the search itself."""
    raw = small_params()
    for place, value in changes.items():
        set_at(raw, place, value)
    params = Params.model_validate(raw)
    settings, candidates = resolve_experiment(params, experiment)
    data = load_real_data(params)
    check_candidates(experiment, settings, candidates, data, params.prepare)
    estimator = build_estimator(settings, data, params.prepare, candidates[0])
    y = target(data.y, settings["wrapper"], settings["criterion"])
    split = make_splits(data, params.cv, params.seed, params.model.classifies)[0]
    check_trial(estimator, rows(data, estimator), y, split, make_scorer(params.cv.scoring))


@pytest.mark.parametrize("experiment", list(small_params()["experiments"]))
def test_the_experiments_pass(experiment: str) -> None:
    check({}, experiment)


class BreaksWhenBuilt(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)
        if n_neurons > 1:
            raise AssertionError


class BreaksWhenUsed(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return {"a": input}["b"]


class LeavesWhenBuilt(BreaksWhenBuilt):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        try:
            super().__init__(n_inputs, n_outputs, n_neurons)
        except AssertionError:
            raise SystemExit(3) from None


class NeedsNeurons(BreaksWhenBuilt):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int) -> None:
        super().__init__(n_inputs, n_outputs)


OPTIMIZER_GRID = "experiments.optimizer.grid"


@pytest.mark.parametrize(
    ("experiment", "changes", "sentence"),
    [
        (
            "optimizer",
            {f"{OPTIMIZER_GRID}.optimizer": ["SGD", "Adamax", "Adamm"]},
            "experiments.optimizer.grid.optimizer[2]: 'Adamm' is not an optimizer of torch.optim; did you mean 'Adam'?",
        ),
        (
            "activation",
            {"experiments.activation.grid.module__activation": ["Relu6", "ReLU"]},
            "grid.module__activation[0]: 'Relu6' is not an activation of torch.nn; did you mean 'ReLU6'?",
        ),
        (
            "activation",
            {"experiments.activation.grid.module__activation": ["ReLU", "Linear"]},
            "grid.module__activation[1]: TypeError: Linear.__init__() missing 2 required positional arguments",
        ),
        (
            "dropout",
            {"experiments.dropout.grid.module__dropout_rate": [0.1, 1.0, -0.1]},
            "params.yaml: experiments.dropout.grid.module__dropout_rate[1]: dropout_rate is 1.0; it should be at "
            "least 0 and below 1\nparams.yaml: experiments.dropout.grid.module__dropout_rate[2]: dropout_rate is -0.1",
        ),
        (
            "dropout",
            {"experiments.dropout.grid.module__dropout_rate": [0.1, "high"]},
            "grid.module__dropout_rate[1]: 'high' is text; dropout_rate of PimaClassifier is a number",
        ),
        (
            "lr_momentum",
            {"experiments.lr_momentum.grid.optimizer__lr": [0.1, -0.1]},
            "grid.optimizer__lr[1]: Invalid learning rate: -0.1",
        ),
        (
            "lr_momentum",
            {"experiments.lr_momentum.grid.optimizer__lr": ["0,1", 0.1]},
            "grid.optimizer__lr[0]: '0,1' is text; lr of SGD is a number",
        ),
        (
            "optimizer",
            {f"{OPTIMIZER_GRID}.optimizer__momentum": [0.9]},
            "grid.optimizer__momentum: Adamax takes no 'momentum'",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"module__n_neuron": [5]}},
            "grid.module__n_neuron: PimaClassifier takes no 'n_neuron'; did you mean 'n_neurons'?",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"epochs": [5]}},
            "grid.epochs: NeuralNetClassifier takes no 'epochs'; did you mean 'max_epochs'?",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"modul__n_neurons": [5]}},
            "grid.modul__n_neurons: no part of a net is called 'modul'; did you mean 'module'?",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"criterion": ["BCELoss"]}},
            "grid.criterion must stay the same within a search; put criterion into model or fixed",
        ),
        (
            "neurons",
            {"experiments.neurons.fixed.module__dropout_rate": 2},
            "experiments.neurons.fixed: dropout_rate is 2",
        ),
        ("neurons", {"experiments.neurons.fixed.optimizer": "Sgd"}, "experiments.neurons.fixed.optimizer: 'Sgd' is no"),
        ("neurons", {"model.module": "nowhere.Net"}, "model.module: 'nowhere.Net' can't be imported"),
        (
            "neurons",
            {"model.source": "my_net.py"},
            "model.source is 'my_net.py', but there is no such file or folder; name the one with the module's code",
        ),
        (
            "neurons",
            {"model.source": "stages/fetch.py"},
            "model.module: stages.lib.network.PimaClassifier is defined in stages/lib/network.py, but model.source is "
            "stages/fetch.py, so DVC would not notice changes to it. Set model.source to stages/lib/network.py.",
        ),
        (
            "neurons",
            {"experiments.neurons.fixed.source": "stages"},
            "experiments.neurons.fixed.source: every search depends on the same code; put source into model",
        ),
        (
            "neurons",
            {"model.source": "tests", "model.module": f"{__name__}.BreaksWhenBuilt", "experiments.neurons.fixed": {}},
            "experiments.neurons.grid.module__n_neurons[1]: AssertionError",
        ),
        (
            "neurons",
            {"model.source": "tests", "model.module": f"{__name__}.BreaksWhenUsed", "experiments.neurons.fixed": {}},
            "A trial of one epoch failed: KeyError: 'b', at tests/model/test_settings.py, line 52. Mend",
        ),
        (
            "neurons",
            {"experiments.neurons.fixed.wrapper": "NeuralNetBinaryClassifier"},
            "experiments.neurons.fixed.wrapper: all experiments share folds and baselines; put wrapper into model",
        ),
        ("neurons", {"model.wrapper": "NeuralNet"}, "model.wrapper: NeuralNet is not a classifier, or is one with a"),
        ("neurons", {"model.wrapper": "NeuralNetClasifier"}, "did you mean 'NeuralNetClassifier'?"),
        ("neurons", {"model.optimizer__x": 1}, "model.optimizer__x: Adamax takes no 'x'"),
        (
            "neurons",
            {"model.prepare__scale": "standard"},
            "model.prepare__scale: `model` is about the net; set prepare.scale",
        ),
        ("neurons", {"model.device": "cuda:99"}, "model.device is 'cuda:99', which can't be used here"),
        ("neurons", {"cv.scoring": "acuracy"}, "'acuracy' is not a scorer of scikit-learn; did you mean 'accuracy'?"),
        (
            "neurons",
            {"model.wrapper": "NeuralNetRegressor"},
            "params.yaml: BCELoss is a loss for classes, but NeuralNetRegressor predicts a number. Set model.criterion "
            "to MSELoss, L1Loss, SmoothL1Loss, HuberLoss or PoissonNLLLoss, or model.wrapper to NeuralNetClassifier or",
        ),
        *(
            (
                "neurons",
                {"model.criterion": loss},
                f"params.yaml: {loss.split('.')[-1]} does not go with NeuralNetClassifier. Set model.criterion",
            )
            for loss in ("MSELoss", "L1Loss", "SoftMarginLoss", "torch.nn.ReLU")
        ),
        (
            "neurons",
            {"model.wrapper": "NeuralNetBinaryClassifier", "model.criterion": "CrossEntropyLoss"},
            "does not go with NeuralNetBinaryClassifier. Set model.criterion to BCEWithLogitsLoss or BCELoss, or model",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"optimizer__betas": [[0.9, 0.999], [0.9]]}},
            "params.yaml: experiments.neurons.grid.optimizer__betas[1]: tuple index out of range. A net can't be built "
            "with it; choose",
        ),
        (
            "neurons",
            {"experiments.neurons.fixed.optimizer__betas": [0.9]},
            "params.yaml: model, with experiments.neurons.fixed: tuple index out of range, because of optimizer__betas",
        ),
        (
            "neurons",
            {"experiments.neurons.grid": {"module__n_neurons": [5, 10**11]}},
            "grid.module__n_neurons[1]: a layer would take 2,980 GiB of memory, more than there is",
        ),
        (
            "neurons",
            {"model.source": "tests", "model.module": f"{__name__}.LeavesWhenBuilt", "experiments.neurons.fixed": {}},
            "experiments.neurons.grid.module__n_neurons[1]: SystemExit: 3, at tests/model/test_settings.py, line ",
        ),
        (
            "neurons",
            {"model.source": "tests", "model.module": f"{__name__}.NeedsNeurons", "experiments.neurons.fixed": {}},
            "Set model.module__n_neurons: besides its candidates, a search trains the net that it starts from.",
        ),
        (
            "neurons",
            {"model.iterator_train__shuffle": "yes"},
            "model.iterator_train__shuffle: 'yes' is text; shuffle of DataLoader is true or false",
        ),
        (
            "neurons",
            {"model.verbose": "yes"},
            "model.verbose: 'yes' is text; verbose of NeuralNetClassifier is a number",
        ),
        (
            "neurons",
            {"model.dataset": "mine"},
            "model.dataset: dataset is a class, which can't be named here; set it in",
        ),
        ("neurons", {"model.device": "meta"}, "model.device is 'meta', which can't be used here: it keeps no numbers"),
        (
            "neurons",
            {"model.callbacks": {"LRScheduler": {"policy": 3}}},
            "model.callbacks: 3 is not a schedule; policy is the name of one, such as StepLR",
        ),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(experiment: str, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        check(changes, experiment)
    assert sentence in str(caught.value)


def test_an_unknown_experiment() -> None:
    with pytest.raises(UserError, match="has no 'neuron'; did you mean 'neurons'"):
        check({}, "neuron")


@pytest.mark.parametrize("wrapper", ["NeuralNetClassifier", "NeuralNetBinaryClassifier"])
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
    assert net.predict_proba(X)[:, 1] == pytest.approx(logits.sigmoid().numpy(), abs=1e-6)


def test_three_classes_need_cross_entropy() -> None:
    params = Params.model_validate(small_params())
    settings, _ = resolve_experiment(params, "neurons")
    X, y = pd.DataFrame({"a": np.zeros(6), "b": np.zeros(6)}), np.array([0.0, 1.0, 2.0] * 2)
    data = Dataset(X, y, features=("a", "b"), classes=("0", "1", "2"))
    with pytest.raises(UserError, match="3 classes, which BCELoss can't tell apart"):
        build_estimator(settings, data, Prepare())
    net = build_estimator(settings | {"criterion": nn.CrossEntropyLoss}, data, Prepare()).initialize()
    assert net.forward(rows(data, net)).shape == (6, 3)


def test_a_list_of_numbers_is_no_name_to_import() -> None:
    raw = small_params()
    raw["experiments"] = {"mine": {"grid": {"optimizer__betas": [[0.9, 0.999], [0.8, 0.99]]}}}
    _, candidates = resolve_experiment(Params.model_validate(raw), "mine")
    assert candidates == [{"optimizer__betas": (0.9, 0.999)}, {"optimizer__betas": (0.8, 0.99)}]
