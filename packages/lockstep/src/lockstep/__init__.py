"""Trains all skorch nets that scikit-learn fits at once, each as skorch would, but for rounding and random masks.

`import lockstep` registers joblib's backend "lockstep", and changes nothing else in the process: README.md shows
the line to write around a search. The modules here run a search; `grouping` decides which nets share a stack, `fits`
is about what scikit-learn asks for and gets back, `stacks` about nets that are trained together, `optimizers` about
their steps, `members` about one net.
"""

from typing import TYPE_CHECKING

from lockstep.backend import LockstepBackend
from lockstep.explaining import explain
from lockstep.fits.surroundings import net_of
from lockstep.kernel.library import missing as missing_kernel
from lockstep.members.numerics import fit_seed, seed_everything
from lockstep.members.own_code import reads_only
from lockstep.members.parts import lean_optimizer
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import LockstepWarning
from lockstep.planning import Group, Plan, plan

__all__ = [
    "Group",
    "HoldOutRecorder",
    "LockstepBackend",
    "LockstepWarning",
    "Plan",
    "explain",
    "fit_seed",
    "lean_optimizer",
    "missing_kernel",
    "net_of",
    "plan",
    "reads_only",
    "seed_everything",
]
__version__: str

if not TYPE_CHECKING:  # which would take any name for one that is here

    def __getattr__(name: str) -> str:
        """Return `__version__` when it is asked for, because finding it takes 20 ms."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("skorch-lockstep")
        except PackageNotFoundError:
            raise AttributeError(
                "lockstep has no version here, because it is not installed, only on the path"
            ) from None
