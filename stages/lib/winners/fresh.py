"""The splits of the evaluation, which no search has seen: nets and baselines are scored on the same ones."""

from stages.lib.config import Params
from stages.lib.lockstep import fit_seed

# Gives the evaluation other random numbers than the searches.
_ANEW = 2


def drawn_anew(params: Params) -> Params:
    """Return the params with another seed, and rows shuffled before they are split, unless they are in time order."""
    cv = params.cv if params.cv.keeps_time else params.cv.model_copy(update={"shuffle": True})
    return params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})
