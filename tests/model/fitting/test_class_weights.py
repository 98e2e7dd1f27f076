"""Oracle: torch's own weights in skorch's own nets, computed by scikit-learn from the targets of each fit."""

from typing import Any

import numpy as np
import pytest
import skorch
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from stages.lib.common import UserError
from stages.lib.config import CV, Prepare
from stages.lib.model import build_estimator
from stages.lib.model.class_weights import WeightedBCELoss
from stages.lib.scores.splits import make_splits
from tests.model.searched import ENGINES, by_hand, plain, searched, settings, table
from tests.search_results import SEED

WEIGHTS = [1.0, 2.5, 4.0]


def balanced(y: np.ndarray) -> np.ndarray:
    return compute_class_weight("balanced", classes=np.unique(y), y=y)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, nn.NLLLoss])
def test_they_are_the_weight_of_a_loss_of_several_classes(engine: str, criterion: type[nn.Module]) -> None:
    data, cv = table(3), CV(n_splits=3, n_repeats=1)
    y = data.y.astype(np.int64)
    output: Any = {"module__output": lambda: nn.Softmax(-1)} if criterion is nn.NLLLoss else {}
    base: dict[str, Any] = {"criterion": criterion, "module__n_outputs": 3} | output
    splits = make_splits(data, cv, SEED)
    expected = [
        by_hand(data, splits, lambda train: plain(**base), y),
        by_hand(
            data, splits, lambda train: plain(**base, criterion__weight=torch.tensor(balanced(y[train])).float()), y
        ),
        by_hand(data, splits, lambda train: plain(**base, criterion__weight=torch.tensor(WEIGHTS)), y),
    ]
    found = searched(data, {"class_weight": [None, "balanced", WEIGHTS]}, engine, criterion=criterion.__name__)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert len({scores[0] for scores in found}) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_they_are_the_pos_weight_of_two_classes(engine: str) -> None:
    data, cv = table(2), CV(n_splits=3, n_repeats=1)
    y = data.y.astype(np.float32)
    splits = make_splits(data, cv, SEED)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        weights = balanced(y[train])
        return plain(skorch.NeuralNetBinaryClassifier, criterion__pos_weight=torch.tensor(weights[1] / weights[0]))

    found = searched(
        data,
        {"class_weight": ["balanced", [2, 3]]},
        engine,
        wrapper="NeuralNetBinaryClassifier",
        criterion="BCEWithLogitsLoss",
    )
    expected = [
        by_hand(data, splits, net, y),
        by_hand(
            data, splits, lambda _: plain(skorch.NeuralNetBinaryClassifier, criterion__pos_weight=torch.tensor(1.5)), y
        ),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_the_loss_of_probabilities_weights_rows_as_torch_weights_places() -> None:
    p, y = torch.rand(20, 1), (torch.rand(20, 1) > 0.5).float()
    by_place = nn.BCELoss(weight=torch.where(y == 1, 3.0, 2.0))(p, y)
    assert torch.equal(WeightedBCELoss(torch.tensor([2.0, 3.0]))(p, y), by_place)


def test_they_come_from_the_rows_of_the_fit_the_hold_out_included() -> None:
    data = table(2)
    y = data.y.astype(np.float32).reshape(-1, 1)
    net = build_estimator(
        settings(class_weight="balanced", max_epochs=1, criterion="BCEWithLogitsLoss"), data, Prepare()
    )
    net.fit(np.array(data.X, dtype=np.float32)[:50], y[:50])
    weights = balanced(y[:50].ravel())
    np.testing.assert_allclose(net.criterion_.pos_weight, weights[1] / weights[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"class_weight": [0, 0], "criterion": "BCELoss"}, "experiment, gives every class the weight 0, so nothing"),
        ({"class_weight": [1, 2, 3], "criterion": "NLLLoss"}, "has 3 weights, but the data has 2 classes. Give one"),
        ({"class_weight": [0, 1], "criterion": "BCEWithLogitsLoss"}, "experiment, gives class 0 no weight, which"),
    ],
)
def test_weights_that_do_not_fit_are_told(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        build_estimator(settings(**changes), table(2), Prepare())
    assert sentence in str(caught.value)
