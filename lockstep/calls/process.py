"""What belongs to the process, and not to a thread: calls that take turns each have their own."""

import sys
import warnings
from typing import Any, NamedTuple

import torch
from sklearn import get_config, set_config

from lockstep._compat import joblibs_config, set_joblibs_config
from lockstep.members.numerics import random_states, set_random_states


class Process(NamedTuple):
    """The generators, standard output and errors, warnings' filters, and torch's type of numbers."""

    generators: Any
    streams: tuple[Any, Any]
    filters: Any
    showing: dict[str, Any]
    dtype: torch.dtype

    @classmethod
    def now(cls) -> "Process":
        """Return them as they are."""
        streams = sys.stdout, sys.stderr
        return cls(random_states(), streams, warnings.filters, _showing(), torch.get_default_dtype())

    def restore(self) -> None:
        """Make them again what they were."""
        set_random_states(self.generators)
        sys.stdout, sys.stderr = self.streams
        if warnings.filters is not self.filters or self.showing != _showing():
            warnings.filters = self.filters
            vars(warnings).update(self.showing)
            with warnings.catch_warnings():  # whose end lets Python forget which warnings it has shown
                pass
        torch.set_default_dtype(self.dtype)


def _showing() -> dict[str, Any]:
    """Return the functions that show warnings, which `catch_warnings` replaces."""
    return {name: vars(warnings)[name] for name in ("showwarning", "_showwarnmsg_impl") if name in vars(warnings)}


class OfThread(NamedTuple):
    """The settings of scikit-learn, torch and joblib that belong to a thread; a new thread takes over another one's."""

    config: dict[str, Any]
    grad: bool
    n_threads: int  # of torch; a new thread would have one for each core, and take 7 ms to start them
    parallel: Any

    @classmethod
    def now(cls) -> "OfThread":
        """Return those of this thread."""
        return cls(get_config(), torch.is_grad_enabled(), torch.get_num_threads(), joblibs_config())

    def take_over(self) -> None:
        """Set them in this thread."""
        set_config(**self.config)
        torch.set_grad_enabled(self.grad)
        torch.set_num_threads(self.n_threads)
        set_joblibs_config(self.parallel)
