"""The engine: trains all nets of a search at once, each as skorch would.

Knows torch, skorch and scikit-learn, and nothing of this project: it imports no other room. Importing it registers
joblib's backend "lockstep".
"""

from stages.lib.lockstep.backend import LockstepBackend
from stages.lib.lockstep.handing_back import FiniteOrUnfit
from stages.lib.lockstep.kinds import LONG_STEP
from stages.lib.lockstep.numerics import fit_seed, seed_everything
from stages.lib.lockstep.plan import MOST_NETS
from stages.lib.lockstep.surroundings import LockstepWarning, net_of
from stages.lib.lockstep.tasks import TrainTest

__all__ = [
    "LONG_STEP",
    "MOST_NETS",
    "FiniteOrUnfit",
    "LockstepBackend",
    "LockstepWarning",
    "TrainTest",
    "fit_seed",
    "net_of",
    "seed_everything",
]
