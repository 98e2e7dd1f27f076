"""The engine: trains all nets of a search at once, each as skorch would.

Uses torch, skorch and scikit-learn, and knows nothing about this project: it imports no other room.
"""

from stages.lib.lockstep.fit_callbacks import CountFits, SeedEachFit
from stages.lib.lockstep.nets import finite_or_unfit, net_of
from stages.lib.lockstep.numerics import fit_seed, seed_everything
from stages.lib.lockstep.splits import TrainTest
from stages.lib.lockstep.vmap_search import LockstepWarning, VmapGridSearchCV

__all__ = [
    "CountFits",
    "LockstepWarning",
    "SeedEachFit",
    "TrainTest",
    "VmapGridSearchCV",
    "finite_or_unfit",
    "fit_seed",
    "net_of",
    "seed_everything",
]
