"""The options of the backend, and the state that its searches share."""

from collections.abc import Callable
from dataclasses import dataclass, field
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
    same_bytes: bool = False
    inner_backend: str | None = None
    prepare_worker: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Shared:
    """What the searches in a block of `parallel_config` share."""

    proven: dict[Any, Any] = field(default_factory=dict)  # the results of trials
    traces: dict[Any, Any] = field(default_factory=dict)  # traced steps, by what nets of a group have in common
