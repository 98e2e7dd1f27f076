"""The engine: trains all nets of a search at once, each as skorch would.

Its modules sort the fits of a search, and hand them back to scikit-learn; `stacks` is about nets that are trained
together, `optimizers` about their steps, `members` about one of them. It knows nothing of this project, and imports no
other room. Importing it registers joblib's backend "lockstep".
"""

from stages.lib.lockstep.backend import LockstepBackend
from stages.lib.lockstep.handing_back import FiniteOrUnfit
from stages.lib.lockstep.kinds import LONG_STEP
from stages.lib.lockstep.members.lean import lean_optimizer
from stages.lib.lockstep.members.numerics import fit_seed, seed_everything
from stages.lib.lockstep.members.refusals import LockstepWarning
from stages.lib.lockstep.plan import MOST_NETS
from stages.lib.lockstep.surroundings import net_of
from stages.lib.lockstep.tasks import TrainTest

__all__ = [
    "LONG_STEP",
    "MOST_NETS",
    "FiniteOrUnfit",
    "LockstepBackend",
    "LockstepWarning",
    "TrainTest",
    "fit_seed",
    "lean_optimizer",
    "net_of",
    "seed_everything",
]
