"""Who trains what torch and skorch have: `python -m benchmarks.engine.coverage` writes docs/engine-coverage.csv.

Around each layer, criterion, optimizer, schedule and callback is a tiny net, which a
cross-validation trains in lockstep.
"""

import csv
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from math import inf, prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import skorch.callbacks
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNet
from skorch.dataset import ValidSplit
from torch import Tensor, nn

import lockstep
from benchmarks.engine.tiny_nets import (
    Anything,
    Around,
    Lion,
    Several,
    WithArguments,
    plain,
)

OUTPUT = Path(__file__).parents[2] / "docs/engine-coverage.csv"
N_ROWS = 16
NUMBERS = torch.linspace(-200, 200, N_ROWS * 128).sin()
Case = tuple[NeuralNet, Tensor, Tensor]  # a net, its rows and targets

# For each shape of a row, the layers that get such rows, with their numbers.
LAYERS = {
    (
        8,
    ): """AlphaDropout BatchNorm1d:8 Bilinear:8:8:4 CELU CosineSimilarity Dropout ELU FeatureAlphaDropout Flatten
    GELU GLU GRUCell:8:4 Hardshrink Hardsigmoid Hardswish Hardtanh Identity LSTMCell:8:4 LazyBatchNorm1d LazyLinear:4
    LayerNorm:8 LeakyReLU Linear:8:4 LogSigmoid LogSoftmax:1 Mish PReLU PairwiseDistance RMSNorm:8 RNNCell:8:4 RReLU
    ReLU ReLU6 SELU SiLU Sigmoid Softmax:1 Softmin:1 Softplus Softshrink Softsign SyncBatchNorm:8 Tanh Tanhshrink
    Threshold:0:1""",
    (
        2,
        8,
    ): """AdaptiveAvgPool1d:3 AdaptiveMaxPool1d:3 AvgPool1d:2 CircularPad1d:1 ConstantPad1d:1:0 Conv1d:2:3:2
    ConvTranspose1d:2:3:2 Dropout1d GRU:8:4 GroupNorm:2:2 InstanceNorm1d:2 LPPool1d:2:2 LSTM:8:4 LazyConv1d:3:2
    LazyConvTranspose1d:3:2 LazyInstanceNorm1d LocalResponseNorm:2 MaxPool1d:2 MaxUnpool1d:2 MultiheadAttention:8:2
    RNN:8:4 ReflectionPad1d:1 ReplicationPad1d:1 Transformer TransformerDecoder TransformerDecoderLayer:8:2
    TransformerEncoder TransformerEncoderLayer:8:2 Upsample ZeroPad1d:1""",
    (
        4,
        4,
        4,
    ): """AdaptiveAvgPool2d:3 AdaptiveMaxPool2d:3 AvgPool2d:2 BatchNorm2d:4 ChannelShuffle:2 CircularPad2d:1
    ConstantPad2d:1:0 Conv2d:4:3:2 ConvTranspose2d:4:3:2 CrossMapLRN2d:2 Dropout2d FractionalMaxPool2d:2:2
    InstanceNorm2d:4 LPPool2d:2:2 LazyBatchNorm2d LazyConv2d:3:2 LazyConvTranspose2d:3:2 LazyInstanceNorm2d MaxPool2d:2
    MaxUnpool2d:2 PixelShuffle:2 PixelUnshuffle:2 ReflectionPad2d:1 ReplicationPad2d:1 Softmax2d Unflatten Unfold:2
    UpsamplingBilinear2d UpsamplingNearest2d ZeroPad2d:1""",
    (4, 4): "Fold:3:2",
    (
        2,
        4,
        4,
        4,
    ): """AdaptiveAvgPool3d:3 AdaptiveMaxPool3d:3 AvgPool3d:2 BatchNorm3d:2 CircularPad3d:1 ConstantPad3d:1:0
    Conv3d:2:3:2 ConvTranspose3d:2:3:2 Dropout3d FractionalMaxPool3d:2:2 InstanceNorm3d:2 LPPool3d:2:2 LazyBatchNorm3d
    LazyConv3d:3:2 LazyConvTranspose3d:3:2 LazyInstanceNorm3d MaxPool3d:2 MaxUnpool3d:2 ReflectionPad3d:1
    ReplicationPad3d:1 ZeroPad3d:1""",
    (5,): "Embedding:5:3 EmbeddingBag:5:3",  # whole numbers
}
# What is no layer of its own, or needs several devices; criteria are apart.
NO_LAYERS = """Container DataParallel Module ModuleDict ModuleList ParameterDict ParameterList RNNBase RNNCellBase
Sequential"""
LAYER: dict[str, Any] = {"dim_feedforward": 8, "dropout": 0.0, "batch_first": True}
BATCHED = {"d_model": 8, "nhead": 2} | LAYER
NAMED: dict[str, dict[str, Any]] = {
    **{
        name: {"batch_first": True}
        for name in ("GRU", "LSTM", "MultiheadAttention", "RNN")
    },
    **{f"Transformer{kind}Layer": LAYER for kind in ("Decoder", "Encoder")},
    "Transformer": BATCHED | {"num_encoder_layers": 1, "num_decoder_layers": 1},
    "TransformerDecoder": {
        "decoder_layer": nn.TransformerDecoderLayer(**BATCHED),
        "num_layers": 1,
    },
    "TransformerEncoder": {
        "encoder_layer": nn.TransformerEncoderLayer(**BATCHED),
        "num_layers": 1,
    },
    "Unflatten": {"dim": 1, "unflattened_size": (2, 2)},
    **{
        name: {"scale_factor": 2}
        for name in ("Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d")
    },
}
N_INPUTS = {
    "Bilinear": 2,
    "CosineSimilarity": 2,
    "PairwiseDistance": 2,
    "MultiheadAttention": 3,
} | dict.fromkeys(("Transformer", "TransformerDecoder", "TransformerDecoderLayer"), 2)

# For each kind of target, the criteria that get it, with how many predictions they take.
CRITERIA = {
    "numbers": "GaussianNLLLoss:2 HuberLoss:1 KLDivLoss:1 L1Loss:1 MSELoss:1 PoissonNLLLoss:1 SmoothL1Loss:1",
    "classes": """AdaptiveLogSoftmaxWithLoss:1 CTCLoss:1 CrossEntropyLoss:1 LinearCrossEntropyLoss:1 MultiMarginLoss:1
    NLLLoss:1 NLLLoss2d:1""",
    "signs": "CosineEmbeddingLoss:2 HingeEmbeddingLoss:1 MarginRankingLoss:2 SoftMarginLoss:1",
    "labels": "BCELoss:1 BCEWithLogitsLoss:1 MultiLabelMarginLoss:1 MultiLabelSoftMarginLoss:1",
    "nothing": "TripletMarginLoss:3 TripletMarginWithDistanceLoss:3",
}
OF_CRITERIA: dict[str, dict[str, Any]] = {
    "AdaptiveLogSoftmaxWithLoss": {"in_features": 3, "n_classes": 3, "cutoffs": [1]},
    "LinearCrossEntropyLoss": {"in_features": 3, "num_classes": 3},
}

SCHEDULES: dict[str, dict[str, Any]] = {
    "CosineAnnealingLR": {"T_max": 2},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "CyclicLR": {
        "base_lr": 0.1,
        "max_lr": 0.2,
        "cycle_momentum": False,
        "step_every": "batch",
    },
    "ExponentialLR": {"gamma": 0.9},
    "LambdaLR": {"lr_lambda": lambda epoch: 0.9**epoch},
    "MultiStepLR": {"milestones": [1]},
    "MultiplicativeLR": {"lr_lambda": lambda epoch: 0.9},
    "OneCycleLR": {"max_lr": 0.2, "total_steps": 10, "cycle_momentum": False},
    "ReduceLROnPlateau": {"monitor": "train_loss"},
    "StepLR": {"step_size": 1},
}
CALLBACKS: dict[str, dict[str, Any]] = {
    **{
        name: {"scoring": "neg_mean_squared_error"}
        for name in ("BatchScoring", "EpochScoring")
    },
    **{
        name: {"patterns": "weight"} for name in ("Freezer", "ParamMapper", "Unfreezer")
    },
    "GradientNormClipping": {"gradient_clip_value": 0.1},
    "Initializer": {"patterns": "*", "fn": nn.init.zeros_},
    "InputShapeSetter": {"param_name": "in_features"},
    "LoadInitState": {"checkpoint": skorch.callbacks.Checkpoint()},
    "NeptuneLogger": {"run": Anything()},
    "PassthroughScoring": {"name": "train_loss", "on_train": True},
    "SacredLogger": {"experiment": Anything()},
    "TensorBoard": {"writer": Anything()},
    "WandbLogger": {"wandb_run": Anything()},
}


def classes_of(module: Any, base: type) -> list[str]:
    """Return the names of a module's classes that have a base."""
    found = {
        name: each
        for name, each in vars(module).items()
        if inspect.isclass(each) and issubclass(each, base)
    }
    return sorted(
        name for name, each in found.items() if name[0] != "_" and each is not base
    )


def parsed(names: str) -> Iterator[tuple[str, list[int]]]:
    """Yield names with the numbers after them."""
    for each in names.split():
        name, *numbers = each.split(":")
        yield name, list(map(int, numbers))


def around_layer(
    name: str, about: list[int], shape: tuple[int, ...], takes_whole: bool
) -> Case:
    """Return a net with a layer, and its rows and targets."""
    make = partial(getattr(nn, name), *about, **NAMED.get(name, {}))
    X = NUMBERS[: N_ROWS * prod(shape)].view(N_ROWS, -1)
    given = {
        "make": make,
        "shape": shape,
        "n_inputs": N_INPUTS.get(name, 1),
        "takes_whole": takes_whole,
    }
    X = (2 + 2 * X).long() if takes_whole else X
    return (
        plain(module=Around, **{f"module__{key}": each for key, each in given.items()}),
        X,
        NUMBERS[:N_ROWS, None],
    )


def with_criterion(name: str, n: int, targets: str) -> Case:
    """Return a net with a criterion, and its rows and targets."""
    numbers, X = (
        NUMBERS[: 3 * N_ROWS].view(N_ROWS, 3),
        NUMBERS[: 4 * N_ROWS].view(N_ROWS, 4),
    )
    signs, classes = numbers[:, :1].sign(), torch.arange(N_ROWS) % 3
    every = {
        "numbers": numbers.abs(),
        "classes": classes,
        "signs": signs,
        "labels": (numbers > 0).float(),
    }
    y = every.get(targets, signs)
    y = (
        y.long()
        if name == "MultiLabelMarginLoss"
        else y[:, 0]
        if name == "CosineEmbeddingLoss"
        else y
    )
    of_criterion = {
        f"criterion__{key}": each for key, each in OF_CRITERIA.get(name, {}).items()
    }
    kind = WithArguments if n > 1 or name.startswith("Adaptive") else NeuralNet
    about = {
        "module__n": n,
        "module__width": 1 if targets == "signs" and n == 1 else 3,
        **of_criterion,
    }
    return plain(kind, module=Several, criterion=getattr(nn, name), **about), X, y


def linear(**about: Any) -> Case:
    """Return a linear net."""
    sizes = {"module__in_features": 8, "module__out_features": 1}
    return (
        plain(**{"module": nn.Linear} | sizes | about),
        NUMBERS[: N_ROWS * 8].view(N_ROWS, 8),
        NUMBERS[:N_ROWS, None],
    )


def with_optimizer(name: str) -> Case:
    """Return a net with an optimizer, of the kind that the optimizer is for."""
    if name == "SparseAdam":
        _, *rows = around_layer("EmbeddingBag", [5, 1], (5,), True)
        sizes = {
            "module__num_embeddings": 5,
            "module__embedding_dim": 1,
            "module__sparse": True,
        }
        return plain(
            module=nn.EmbeddingBag, optimizer=torch.optim.SparseAdam, **sizes
        ), *rows
    optimizer = Lion if name == "one's own" else getattr(torch.optim, name)
    return linear(optimizer=optimizer, module__bias=name != "Muon")


def with_callback(make: Callable[..., Any], **about: Any) -> Case:
    """Return a net with a callback, and rows that are held out."""
    return linear(callbacks=[("one", make(**about))], train_split=ValidSplit(2))


def cases() -> Iterator[tuple[str, str, Callable[[], Case] | None]]:
    """Yield each kind and name with a function that makes a net; None for what has no case."""
    made: dict[tuple[str, str], Callable[[], Case]] = {}
    for shape, names in LAYERS.items():
        for name, about in parsed(names):
            made["layer", name] = partial(
                around_layer, name, about, shape, shape == (5,)
            )
    for targets, names in CRITERIA.items():
        for name, (n,) in parsed(names):
            made["criterion", name] = partial(with_criterion, name, n, targets)
    for name in [*classes_of(torch.optim, torch.optim.Optimizer), "one's own"]:
        made["optimizer", name] = partial(with_optimizer, name)
    schedules, callbacks = torch.optim.lr_scheduler, skorch.callbacks
    of_classes = {
        name: getattr(schedules, name)
        for name in classes_of(schedules, schedules.LRScheduler)
    }
    for name, policy in (
        of_classes | {"WarmRestartLR": callbacks.WarmRestartLR}
    ).items():
        made["scheduler", name] = partial(
            with_callback,
            callbacks.LRScheduler,
            policy=policy,
            **SCHEDULES.get(name, {}),
        )
    for name in sorted({*callbacks.__all__} - {"WarmRestartLR"}):
        made["callback", name] = partial(
            with_callback, getattr(callbacks, name), **CALLBACKS.get(name, {})
        )
    for norm in (1, 3, inf):
        of_norm = CALLBACKS["GradientNormClipping"] | {"gradient_clip_norm_type": norm}
        make = partial(with_callback, callbacks.GradientNormClipping, **of_norm)
        made["callback", f"GradientNormClipping by the norm {norm}"] = make
    missing = (
        {*classes_of(nn, nn.Module)} - {*NO_LAYERS.split()} - {name for _, name in made}
    )
    yield from ((*key, make) for key, make in made.items())
    yield from (("layer", name, None) for name in sorted(missing))


def trained_by(make: Callable[[], Case]) -> tuple[str, str]:
    """Return who trains a net in a cross-validation, and why."""
    failed = ""
    with (
        warnings.catch_warnings(record=True, action="always") as caught,
        parallel_config(backend="lockstep"),
    ):
        try:
            net, X, y = make()
            cross_validate(
                net, X, y, cv=2, scoring=lambda *args: 0.0, error_score="raise"
            )
        except Exception as error:  # such as a logger's, whose package is missing
            failed = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    for each in (
        str(found.message)
        for found in caught
        if found.category is lockstep.LockstepWarning
    ):
        if "fitted one by one" in each:
            return "skorch", each.partition(", so ")[0].splitlines()[-1]
    return ("nobody", failed) if failed else ("kernel", "")


def main() -> None:
    """Write the table."""
    with (
        OUTPUT.open("w", encoding="utf-8", newline="") as file,
        TemporaryDirectory() as place,
        chdir(place),
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "name", "trained by", "reason"])
        for kind, name, make in cases():
            row = [
                kind,
                name,
                *(trained_by(make) if make else ("nobody", "it has no case here")),
            ]
            writer.writerow(row)
            print(*row, sep=",", flush=True)


if __name__ == "__main__":
    main()
