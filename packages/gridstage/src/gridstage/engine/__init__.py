"""The engine, pinned first, then imported. Imports no other room; no other one imports the package `lockstep`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from gridstage.engine.numerics import FiniteOrUnfit, pin_this_process  # isort: skip (before the engine, which may compute)

pin_this_process()

from lockstep import (  # noqa: E402
    HoldOutRecorder,
    LockstepBackend,
    LockstepWarning,
    fit_seed,
    lean_optimizer,
    missing_kernel,
    net_of,
    plan,
    reads_only,
    seed_everything,
)
from lockstep import Plan as EnginePlan  # noqa: E402

# The numbers of the rows that a fit trains on, and of those it is tested on, as scikit-learn's splitters give them.
TrainTest = tuple[np.ndarray, np.ndarray]


def lean(net: Any, **params: Any) -> Any:
    """Set parameters of a skorch net, and let its optimizer train without importing torch's compiler."""
    return net.set_params(optimizer=lean_optimizer(net.optimizer), **params)


@contextmanager
def replaced(instance: Any, methods: Mapping[str, Any]) -> Iterator[None]:
    """Let an object have other methods while the block runs."""
    own = vars(instance)
    before = {name: own[name] for name in methods if name in own}
    own.update(methods)
    try:
        yield
    finally:
        for name in methods:
            del own[name]
        own.update(before)
