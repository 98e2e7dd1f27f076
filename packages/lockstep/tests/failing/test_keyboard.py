"""Ctrl-C ends a search wherever a net is trained, and nothing half-trained is kept, though skorch would go on."""

import os
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.backend import resource_tracker as loky_tracker
from skorch.callbacks import Callback

from lockstep import explain, reads_only
from lockstep.fits.packing import Packed
from lockstep.keyboard import heeds_the_keyboard
from lockstep.search import _apart
from packages.lockstep.tests.nets import (
    LABELS,
    X,
    Y,
    logit_net,
    net,
    one_by_one,
    scores,
    search,
    told,
)

pytestmark = pytest.mark.usefixtures("ctrl_c")

RATES = {"lr": [0.1, 0.01]}


class Pressing(Callback):
    """Presses Ctrl-C in the middle of the second training; not declared, so its nets are fitted alone.

    Trainings are counted in a folder, because a checkpoint knows an attribute that the code reads by its value.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        (self.folder / str(len(list(self.folder.iterdir())))).touch()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(list(self.folder.iterdir())) == 2 and len(net.history) == 2:
            os.kill(os.getpid(), signal.SIGINT)


@reads_only
class InAStack(Callback):
    """Presses Ctrl-C in the middle of a training, but not in a trial."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if net.max_epochs == 7 and len(net.history) == 3:
            signal.raise_signal(signal.SIGINT)


@reads_only
class InATrial(Callback):
    """Presses Ctrl-C in the first training."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_stack_ends_the_search() -> None:
    with pytest.raises(KeyboardInterrupt):
        told(net(callbacks=[InAStack()], max_epochs=7), RATES, Y)


def test_ctrl_c_in_a_trial_is_no_verdict() -> None:
    with pytest.raises(KeyboardInterrupt):
        explain(logit_net(callbacks=[InATrial()]), X, LABELS)


@pytest.mark.usefixtures("kept_at_last")
@pytest.mark.parametrize("stack", [True, False])
def test_ctrl_c_in_a_fit_alone_ends_the_search_which_keeps_only_whole_nets(
    stack: bool, tmp_path: Path
) -> None:
    (trained := tmp_path / "trained").mkdir()

    def run(**backend: Any) -> tuple[Any, int]:
        before = len(list(trained.iterdir()))
        found = told(
            net(callbacks=[Pressing(trained)]),
            RATES,
            Y,
            backend={"stack": stack, **backend},
        )[0]
        return scores(found), len(list(trained.iterdir())) - before

    with pytest.raises(KeyboardInterrupt) as raised:
        run(checkpoint=tmp_path / "kept")
    assert raised.value.__notes__ == [
        f"1 of 6 nets are kept in {tmp_path / 'kept'} for the next run"
    ]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    in_one_go, n_nets = run()
    assert run(checkpoint=tmp_path / "kept") == (in_one_go, n_nets - 1)


@pytest.mark.long
def test_workers_leave_ctrl_c_to_the_process_that_has_started_them(
    tmp_path: Path,
) -> None:
    get_reusable_executor().shutdown()  # otherwise workers of another test might go on
    pressing = scores(
        told(net(callbacks=[Pressing(tmp_path)]), RATES, Y, backend={"n_jobs": 2})[0]
    )
    assert pressing == scores(one_by_one(net(), RATES))


def trained() -> str:
    """Take a KeyboardInterrupt for the end of a training, as skorch does."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        return "half"
    return "whole"


def raising(*_: Any) -> None:
    raise KeyboardInterrupt("own")


@pytest.mark.parametrize("handler", [signal.default_int_handler, raising])
def test_the_interrupt_of_a_handler_reaches_the_caller(
    handler: Callable[..., None],
) -> None:
    signal.signal(signal.SIGINT, handler)
    for function in (
        heeds_the_keyboard(trained),
        heeds_the_keyboard(lambda: heeds_the_keyboard(trained)()),
    ):
        with pytest.raises(KeyboardInterrupt) as raised:
            function()
        assert raised.value.args == (("own",) if handler is raising else ())
        assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_a_handler_that_raises_nothing_ends_nothing(handler: Any) -> None:
    signal.signal(signal.SIGINT, handler)
    assert heeds_the_keyboard(trained)() == "whole"
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_training_around_a_search_does_not_swallow_its_interrupt() -> None:
    def around() -> str:
        try:
            return heeds_the_keyboard(trained)()
        except KeyboardInterrupt:
            return "half"

    with pytest.raises(KeyboardInterrupt):
        heeds_the_keyboard(around)()


def test_a_handler_that_is_set_meanwhile_stays() -> None:
    heeds_the_keyboard(lambda: signal.signal(signal.SIGINT, raising))()
    assert signal.getsignal(signal.SIGINT) is raising


def test_a_worker_that_gets_ctrl_c_itself_returns_nothing_half_trained() -> None:
    with pytest.raises(KeyboardInterrupt):
        _apart(torch.get_default_dtype(), None, 0, Packed((trained,)))


@pytest.mark.long
def test_workers_start_where_signals_can_not_be_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for tracker in (
        resource_tracker,
        loky_tracker,
    ):  # which have seen the mask when they were imported
        tracker.ensure_running()
    expected = scores(one_by_one(net(), RATES))
    monkeypatch.delattr(signal, "pthread_sigmask")
    assert (
        scores(search(net(), RATES, backend={"n_jobs": 2, "stack": False})) == expected
    )
