"""The form of the kernel's operations: functions that write instructions, by the names of torch's operations.

Each function takes the program, the tensor to write into (or None for a new one), and the operation's own arguments.
Numbers of every type are kept as the net's own: whole numbers, and 1 and 0 for true and false.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

Operation = Callable[..., Any]

# By name; the modules of this folder add theirs.
NATIVE: dict[str, Operation] = {}


def named(*names: str, **fixed: Any) -> Callable[[Operation], Operation]:
    """Return a decorator that adds a function under these names, with arguments that are `fixed` for them."""

    def noted(function: Operation) -> Operation:
        NATIVE.update(dict.fromkeys(names, partial(function, **fixed)))
        return function

    return noted
