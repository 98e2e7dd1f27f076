"""Oracle: skorch. In float64 a search in lockstep gives the nets of the one-by-one search, to 1e-9."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_score
from skorch import NeuralNet
from skorch.callbacks import EpochScoring
from torch import nn

from lockstep import fit_seed
from lockstep.members.numerics import seed_everything
from lockstep.members.refusals import Refusal, refusal_of
from packages.lockstep.tests import nets
from packages.lockstep.tests.cases import EXACT, Make
from packages.lockstep.tests.cases.base import LABELS, Case, X, classifier
from packages.lockstep.tests.cases.habits import Anneals
from packages.lockstep.tests.cases.nets import noise
from packages.lockstep.tests.cases.outside import on_all_rows
from packages.lockstep.tests.cases.own_code import SCALE, Scaling
from packages.lockstep.tests.pieces.test_streams import doubles
from packages.lockstep.tests.searches import SEED, both_ways, compare, run_case

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(autouse=True)
def fallbacks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record why stacks have failed, whose nets skorch fits then."""
    found: list[Any] = []

    def recorded(error: Exception) -> Refusal:
        found.append(error)
        return refusal_of(error)

    monkeypatch.setattr("lockstep.search.refusal_of", recorded)
    return found


def constant(net: Any, rows: Any, y: Any) -> float:
    return 0.0


def compare_all(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        compare(one, other)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "name"),
    [
        pytest.param(make, name, id=f"{make.__name__}: {name}")
        for make in EXACT
        for name in make()
    ],
)
def test_the_nets_are_those_of_skorch(
    make: Make, name: str, fallbacks: list[Any]
) -> None:
    odd = make()[name]
    ours, told, shown = run_case(odd)
    theirs, _, their_shown = run_case(odd, stack=False)
    compare_all(ours, theirs)
    assert bool(told) == bool(odd.alone), told
    assert all(odd.alone.strip() in message for message in told)
    assert fallbacks == []
    # Times are printed as well.
    assert len(shown.splitlines()) == len(their_shown.splitlines())


def scoring_by(function: Any) -> NeuralNet:
    callback = EpochScoring(function, name="s", use_caching=False)
    return classifier(callbacks=[("s", callback)], iterator_train__shuffle=True)


def annealing(decay: float) -> NeuralNet:
    return classifier(Anneals, module__decay=decay)


def scaling(of: float) -> NeuralNet:
    SCALE["of"] = of
    return classifier(Scaling)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "pair"),
    [
        (scoring_by, (constant, on_all_rows)),
        (annealing, (1.0, 0.9)),
        (scaling, (1.0, 0.2)),
    ],
    ids=["another scoring function", "another number", "another global variable"],
)
def test_a_trial_proves_nothing_for_a_later_search_with(make: Any, pair: Any) -> None:
    def scores_of_the_last() -> np.ndarray:
        return [
            cross_val_score(make(each), X, LABELS, cv=3, scoring="neg_log_loss")
            for each in pair
        ][-1]

    np.testing.assert_allclose(*both_ways(scores_of_the_last), rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", noise())
def test_nets_with_noise_are_stacked_and_repeat(
    name: str, fallbacks: list[Any]
) -> None:
    """Their masks are other ones than skorch's; the trial has compared them with the same masks."""
    ours, told, _ = run_case(noise()[name])
    again, _, _ = run_case(noise()[name])
    assert told == fallbacks == []
    compare_all(ours, again)
    for one in ours:
        assert all(
            np.isfinite(value).all()
            for key, value in one.items()
            if key.startswith("module")
        )


def test_dropout_given_the_same_masks() -> None:
    """The masks are drawn by hand from the split's stream, in a loop of torch alone."""
    X, Y = nets.first_rows(151, np.float64)
    rates = [0.0, 0.25, 0.8]
    splits = list(StratifiedKFold(3).split(X, Y))
    estimator = nets.net(
        optimizer=torch.optim.Adamax,
        lr=0.01,
        batch_size=16,
        train_split=None,
        module__max_norm=2.0,
    )
    found, told, _ = run_case(
        Case(estimator, {"module__dropout_rate": rates}, X, Y, cv=splits)
    )
    assert told == []
    for place, seen in enumerate(found):
        rate, number = rates[place // 3], place % 3
        train, _ = splits[number]
        seed_everything(fit_seed(SEED, number))
        module = nets.ProbabilityNet(max_norm=2.0)
        optimizer = torch.optim.Adamax(module.parameters(), lr=0.01)
        per_epoch = -(-len(train) // 16) * 16 * 12
        drawn = torch.tensor(doubles(fit_seed(SEED, number, 1), 3 * per_epoch)).view(
            3, -1, 12
        )
        x, y = torch.tensor(X[train]), torch.tensor(Y[train])
        for uniform in drawn:
            for start in range(0, len(train), 16):
                mask = (uniform[start : start + len(x[start : start + 16])] >= rate) / (
                    1 - rate
                )
                module.dropout.forward = partial(torch.mul, mask)  # type: ignore[method-assign]
                optimizer.zero_grad()
                nn.BCELoss()(
                    module(x[start : start + 16]), y[start : start + 16]
                ).backward()
                optimizer.step()
        module(x[:1])
        for name, tensor in module.state_dict().items():
            torch.testing.assert_close(
                seen[f"module {name}"], tensor, rtol=1e-7, atol=1e-9
            )  # Adamax divides gradients that are rounding errors
