"""Trains all skorch nets of a scikit-learn search at once, each exactly as skorch would.

`import lockstep` registers joblib's backend "lockstep", and changes nothing else in the process: README.md shows
the line to write around a search. The modules here run a search; `grouping` decides which nets share a stack, `fits`
is about what scikit-learn asks for and gets back, `calls` about calls that are not fits of a search, `stacks` about
nets that are trained together, `optimizers` about their steps, `members` about one net.
"""

from lockstep.backend import LockstepBackend
from lockstep.explaining import explain
from lockstep.members.callbacks import reads_only
from lockstep.members.numerics import fit_seed
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import LockstepWarning

__all__ = ["HoldOutRecorder", "LockstepBackend", "LockstepWarning", "explain", "fit_seed", "reads_only"]
