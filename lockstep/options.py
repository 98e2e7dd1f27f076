"""What a script may set of the backend."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Options:
    """The options of `LockstepBackend`, which explains them."""

    random_state: int = 0
    max_memory_mb: int = 2048
    on_plan: Callable[[int, int], None] | None = None
    on_progress: Callable[[int, int], None] | None = None
    on_result: Callable[[Any], None] | None = None
    stack: bool = True
    record_losses: bool = True
    products: str = "torch"
    inner_backend: str | None = None
    inner_n_jobs: int = 1
    prepare_worker: Callable[[], Any] | None = None
