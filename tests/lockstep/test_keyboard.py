"""Ctrl-C ends a search at once."""

import signal
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

from lockstep import reads_only
from tests.lockstep.nets import Y, net, search, told


@pytest.mark.parametrize("stack", [True, False])
def test_an_interrupt_ends_the_search(stack: bool) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    heard: list[Any] = []

    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        heard.append(estimator)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(net(), {"lr": [0.1, 0.01]}, Y, scoring=scorer, backend={"stack": stack})
    assert len(heard) == 1
    with pytest.raises(KeyboardInterrupt):
        told(net(), {"lr": [0.1, 0.01]}, Y, backend={"stack": stack, "on_progress": interrupt})
    assert np.isfinite(search(net(), {"lr": [0.1]}).cv_results_["mean_test_score"]).all()


@reads_only
class Pressing(Callback):
    """Presses Ctrl-C in the middle of a training, but not in a trial."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if net.max_epochs == 7 and len(net.history) == 3:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_stack_ends_the_search_though_skorch_would_go_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        told(net(callbacks=[Pressing()], max_epochs=7), {"lr": [0.1, 0.01]}, Y)
