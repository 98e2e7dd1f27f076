"""Mistakes in an experiment: what is changed in params.yaml, and the sentence that it gets, with its place."""

from typing import Any

NETS = "nets.faulty"  # test_settings.py, which has nets with a fault each
OPTIMIZER_GRID = "experiments.optimizer.grid"

TABLE_NET = {"model.module": "nets.table_net.TableNet", "experiments.neurons.fixed": {}}

MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    (
        "neurons",
        TABLE_NET | {"experiments.neurons.grid": {"module__embedding": ["none", "periodical"]}},
        "grid.module__embedding[1]: periodical is not one of none, periodic, piecewise",
    ),
    (
        "dropout",
        {"experiments.dropout.grid.module__dropout_rate": [0.1, 1.0, -0.1]},
        "params.yaml: experiments.dropout.grid.module__dropout_rate[1]: dropout_rate is 1.0; it should be at "
        "least 0 and below 1",
    ),
    (
        "lr_momentum",
        {"experiments.lr_momentum.grid.optimizer__lr": [0.1, -0.1]},
        "grid.optimizer__lr[1]: Invalid learning rate: -0.1",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed.module__dropout_rate": 2},
        "experiments.neurons.fixed: dropout_rate is 2",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenBuilt", "experiments.neurons.fixed": {}},
        "experiments.neurons.grid.module__n_neurons[1]: AssertionError",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenUsed", "experiments.neurons.fixed": {}},
        "model, with experiments.neurons.fixed: KeyError: 'b', at tests/experiment/test_settings.py, line ",
    ),
    (
        "neurons",
        {"experiments.neurons.grid": {"optimizer__betas": [[0.9, 0.999], [0.9]]}},
        "params.yaml: experiments.neurons.grid.optimizer__betas[1]: tuple index out of range. A net can't be trained "
        "with it; choose",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed": {"optimizer__betas": [0.9]}},
        "model, with experiments.neurons.fixed: tuple index out of range",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.LeavesWhenBuilt", "experiments.neurons.fixed": {}},
        "experiments.neurons.grid.module__n_neurons[1]: SystemExit: 3, at tests/experiment/test_settings.py, line ",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.NeedsNeurons", "experiments.neurons.fixed": {}},
        "Set model.module__n_neurons: besides its candidates, a search trains the net that it starts from.",
    ),
    ("neurons", {"model.device": "meta"}, "Tensor.item() cannot be called on meta tensors"),
    (
        "neurons",
        {"model.wrapper": "NeuralNetRegressor"},
        "params.yaml: model.criterion: BCELoss is for classes, and NeuralNetRegressor predicts numbers",
    ),
    ("neurons", {"model.criterion": "MSELoss"}, "but with MSELoss the net has 1 output to tell them apart"),
    (
        "dropout",
        {"experiments.dropout.grid.module__dropout_rate": [0.1, "high"]},
        "grid.module__dropout_rate[1]: 'high' is text; dropout_rate of PimaClassifier is a number",
    ),
]
