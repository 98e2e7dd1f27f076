"""Callbacks by skorch's names. Oracle: skorch's own nets with the same callbacks, which print nothing here."""

from typing import Any

import numpy as np
import pytest
import skorch
from skorch.callbacks import EarlyStopping, GradientNormClipping, LRScheduler
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from gridstage.common import UserError
from gridstage.config import CV, Params, Prepare
from gridstage.model import (
    build_estimator,
    hold_out_watchers,
    resolve,
    resolve_experiment,
)
from gridstage.scores.splits import make_splits
from packages.gridstage.tests.model.searched import (
    ENGINES,
    by_hand,
    plain,
    searched,
    settings,
    table,
)
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.search_results import SEED

DESCRIBED: dict[str, dict[str, Any]] = {
    "EarlyStopping": {"patience": 3, "load_best": True},
    "LRScheduler": {"policy": "CosineAnnealingLR", "T_max": 20},
    "GradientNormClipping": {"gradient_clip_value": 0.1},
}


@pytest.mark.parametrize("engine", ENGINES)
def test_nets_are_trained_as_skorch_trains_them_and_print_nothing(
    engine: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data, cv = table(2), CV(n_splits=3, n_repeats=1)
    y = data.y.astype(np.float32)

    def net(load_best: bool) -> skorch.NeuralNet:
        callbacks = [
            EarlyStopping(patience=3, load_best=load_best),
            LRScheduler(CosineAnnealingLR, T_max=20),
            GradientNormClipping(0.1),
        ]
        wrapper = skorch.NeuralNetBinaryClassifier
        return plain(
            wrapper,
            callbacks=callbacks,
            max_epochs=20,
            lr=0.1,
            iterator_train__shuffle=True,
        )

    splits = make_splits(data, cv, SEED)
    expected = [
        by_hand(data, splits, lambda _, each=best: net(each), y)  # type: ignore[misc]
        for best in (True, False)
    ]
    found = searched(
        data,
        {"callbacks__EarlyStopping__load_best": [True, False]},
        engine,
        wrapper="NeuralNetBinaryClassifier",
        criterion="BCEWithLogitsLoss",
        callbacks=DESCRIBED,
        max_epochs=20,
        lr=0.1,
        iterator_train__shuffle=True,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert found[0] != found[1]
    assert capfd.readouterr().out == ""


def names(**changes: Any) -> list[str]:
    net = build_estimator(settings(**changes), table(2), Prepare()).initialize()
    return [name for name, _ in net.callbacks_]


def test_of_skorchs_defaults_nets_have_those_that_are_asked_for() -> None:
    assert names() == []
    assert names(callbacks={}) == []
    assert names(callbacks={"EarlyStopping": {}}) == [
        "train_loss",
        "valid_loss",
        "EarlyStopping",
    ]
    accuracy = {"EarlyStopping": {"monitor": "valid_acc", "lower_is_better": False}}
    assert names(callbacks=accuracy) == [
        "train_loss",
        "valid_loss",
        "valid_acc",
        "EarlyStopping",
    ]
    assert "valid_acc" in names(callbacks={"Checkpoint": {"monitor": "valid_acc_best"}})
    switched = names(
        callbacks={"EarlyStopping": {}}, callbacks__EarlyStopping__monitor="valid_acc"
    )
    assert switched == ["train_loss", "valid_loss", "valid_acc", "EarlyStopping"]


def test_a_schedule_is_torchs_and_can_be_varied() -> None:
    (_, callback), *_ = resolve(
        "callbacks", {"LRScheduler": {"policy": "StepLR", "step_size": 2}}
    )
    assert callback.policy is StepLR
    assert callback.kwargs == {"step_size": 2}
    assert resolve("callbacks__LRScheduler__policy", "StepLR") is StepLR
    (_, callback), *_ = resolve(
        "callbacks", {"LRScheduler": {"policy": "MultiStepLR", "milestones": [2, 3]}}
    )
    assert callback.kwargs == {"milestones": (2, 3)}


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        (
            {"EarlyStoping": {}},
            "'EarlyStoping' is not a callback of skorch; did you mean 'EarlyStopping'?",
        ),
        (
            {"EarlyStopping": {"patiense": 1}},
            "EarlyStopping takes no 'patiense'; did you mean 'patience'?",
        ),
        (
            {"EarlyStopping": {"patience": "ten"}},
            "'ten' is text; patience of EarlyStopping is a number",
        ),
        (
            {"EarlyStopping": {"load_best": "yes"}},
            "'yes' is text; load_best of EarlyStopping is true or false",
        ),
        (
            {"LRScheduler": {"policy": "CosineAnealingLR", "T_max": 3}},
            "'CosineAnealingLR' is not a schedule of torch.optim.lr_scheduler; did you mean 'CosineAnnealingLR'?",
        ),
        ({"my.Own": {}}, "'my.Own' can't be imported: no package 'my' is installed"),
        (
            {"torch.nn.ReLU": {}},
            "'torch.nn.ReLU' is not a class derived from skorch's Callback",
        ),
    ],
)
def test_a_callback_or_parameter_that_skorch_lacks_is_told(
    described: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the sentence is compared)
        resolve("callbacks", described)
    assert sentence in str(caught.value)


def refused(
    model: dict[str, Any], grid: dict[str, Any], fixed: dict[str, Any] | None = None
) -> str:
    params = real_params()
    params["model"] |= model
    params["experiments"] = {"mine": {"grid": grid, "fixed": fixed or {}}}
    with pytest.raises(UserError) as caught:
        resolve_experiment(Params.model_validate(params), "mine")
    return str(caught.value)


STOPPING = {"callbacks": {"EarlyStopping": {"patience": 3}}}


@pytest.mark.parametrize(
    ("model", "grid", "sentence"),
    [
        (
            STOPPING,
            {"callbacks__EarlyStoping__patience": [1]},
            "callbacks has no 'EarlyStoping'; did you mean 'EarlyStopping'?",
        ),
        (
            STOPPING,
            {"callbacks__EarlyStopping__patiense": [1]},
            "grid.callbacks__EarlyStopping__patiense: EarlyStopping takes no 'patiense'; did you mean 'patience'?",
        ),
        (
            STOPPING,
            {"callbacks__EarlyStopping__patience": [1, "two"]},
            "grid.callbacks__EarlyStopping__patience[1]: 'two' is text; patience of EarlyStopping is a number",
        ),
    ],
)
def test_a_key_that_does_not_fit_is_told_with_its_place(
    model: dict, grid: dict, sentence: str
) -> None:
    assert sentence in refused(model, grid)


def test_who_looks_at_the_hold_out_is_known() -> None:
    assert hold_out_watchers(settings()) == []
    assert hold_out_watchers(settings(**STOPPING)) == ["EarlyStopping"]
    assert (
        hold_out_watchers(
            settings(callbacks={"EarlyStopping": {"monitor": "train_loss"}})
        )
        == []
    )
    assert (
        hold_out_watchers(
            settings(**STOPPING, callbacks__EarlyStopping__monitor="train_loss")
        )
        == []
    )
