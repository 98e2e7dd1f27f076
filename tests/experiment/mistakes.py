"""Mistakes in an experiment: what is changed in params.yaml, and the sentence that it gets, with its place."""

from typing import Any

NETS = "nets.faulty"  # test_settings.py, which has nets with a fault each
OPTIMIZER_GRID = "experiments.optimizer.grid"

TABLE_NET = {"model.module": "nets.table_net.TableNet", "experiments.neurons.fixed": {}}

MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    (
        "neurons",
        TABLE_NET | {"experiments.neurons.grid": {"module__embedding": ["none", "periodical"]}},
        "grid.module__embedding[1]: periodical is not one of none, periodic, piecewise; did you mean 'periodic'?",
    ),
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
        "least 0 and below 1",
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
        {"model.module": "stages.lib.network.PimaClassifier"},
        "model.module: 'stages.lib.network.PimaClassifier' is not in nets/, the only code of yours that DVC watches; "
        "move the code there, and write nets.network.PimaClassifier",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenBuilt", "experiments.neurons.fixed": {}},
        "experiments.neurons.grid.module__n_neurons[1]: AssertionError",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenUsed", "experiments.neurons.fixed": {}},
        "A trial of one epoch failed: KeyError: 'b', at tests/experiment/test_settings.py, line 47. Fix",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed.wrapper": "NeuralNetBinaryClassifier"},
        "experiments.neurons.fixed.wrapper: all experiments share folds and baselines; put wrapper into model",
    ),
    ("neurons", {"model.wrapper": "NeuralNet"}, "model.wrapper: NeuralNet is not a classifier, or is one with a"),
    ("neurons", {"model.optimizer__x": 1}, "model.optimizer__x: Adamax takes no 'x'"),
    ("neurons", {"model.device": "cuda:99"}, "model.device is 'cuda:99', which can't be used here"),
    *(
        (
            "neurons",
            {"experiments.neurons.grid": {key: values}},
            f"grid.{key}: NeuralNetClassifier takes no {key!r}; {hint}",
        )
        for key, values, hint in (
            ("momentum", [0.5], "it is called optimizer__momentum here"),
            ("n_neurons", [5], "did you mean 'module__n_neurons'?"),
            ("lrr", [0.1], "did you mean 'lr'?"),
            ("scale", ["standard"], "how rows are prepared is set by prepare__scale"),
            ("shuffle", [True], "it is called iterator_train__shuffle here"),
        )
    ),
    ("neurons", {"cv.scoring": "AUC"}, "'AUC' is not a scorer of scikit-learn; scikit-learn calls it roc_auc"),
    ("neurons", {"model.criterion": "binary_crossentropy"}, "is not a loss of torch.nn; it is called BCELoss here"),
    (
        "neurons",
        {"experiments.neurons.fixed.module__activation": "swish"},
        "is not an activation of torch.nn; it is called SiLU here",
    ),
    (
        "neurons",
        {"model.wrapper": "NeuralNetRegressor"},
        "params.yaml: model.criterion: BCELoss does not go with NeuralNetRegressor. Set it "
        "to MSELoss, L1Loss, SmoothL1Loss, HuberLoss or PoissonNLLLoss, or model.wrapper to NeuralNetClassifier or",
    ),
    *(
        (
            "neurons",
            {"model.criterion": loss},
            f"params.yaml: model.criterion: {loss.split('.')[-1]} does not go with NeuralNetClassifier. Set it to",
        )
        for loss in ("MSELoss", "torch.nn.ReLU")
    ),
    (
        "neurons",
        {"model.wrapper": "NeuralNetBinaryClassifier", "model.criterion": "CrossEntropyLoss"},
        "does not go with NeuralNetBinaryClassifier. Set it to BCEWithLogitsLoss or BCELoss, or model",
    ),
    (
        "neurons",
        {"experiments.neurons.grid": {"optimizer__betas": [[0.9, 0.999], [0.9]]}},
        "params.yaml: experiments.neurons.grid.optimizer__betas[1]: tuple index out of range. A net can't be built "
        "with it; choose",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed": {"optimizer__betas": [0.9]}},
        "model, with experiments.neurons.fixed: tuple index out of range, because of optimizer__betas=[0.9]",
    ),
    (
        "neurons",
        {"experiments.neurons.grid": {"module__n_neurons": [5, 10**11]}},
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 3200000000000 bytes",
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
    (
        "neurons",
        {"model.iterator_train__shuffle": "yes"},
        "model.iterator_train__shuffle: 'yes' is text; shuffle of DataLoader is true or false",
    ),
    ("neurons", {"model.device": "meta"}, "model.device is 'meta', which can't be used here: it keeps no numbers"),
]
