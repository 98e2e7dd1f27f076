"""The classes of a target: the rules that its numbers keep, and their labels."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from stages.lib.config import Data
from stages.lib.data.faults import Fault

# The most missing classes that a message lists.
_MOST = 5


def class_labels(y: np.ndarray, spec: Data) -> tuple[str, ...]:
    """Return the label of each class 0, 1, …: the one in params.yaml, or the number."""
    return spec.labels or tuple(str(number) for number in range(int(y.max()) + 1))


def class_faults(values: np.ndarray, name: str, labels: Sequence[str]) -> list[Fault]:
    """Return what is wrong with a target of classes: fractions, and classes without a row.

    Parameters
    ----------
    values : array of float64
        The target; cells that are no number, which are told elsewhere, are NaN.
    name : str
        The target's.
    labels : sequence of str
        The classes' labels; empty if classes are numbers.
    """
    finite = np.isfinite(values)
    whole = np.where(finite, values, 0)
    odd = (whole % 1 != 0) | (whole < 0)
    faults = [Fault(name, np.flatnonzero(odd), "{number} is not a class; classes are 0, 1, …")] if odd.any() else []
    classes = np.unique(values[finite]).tolist()
    count = len(labels) or int(max(classes, default=-1)) + 1
    none = np.array([], dtype=int)

    def shown(number: float) -> str:
        return labels[int(number)] if labels else f"{number:g}"

    present = set(classes)
    if len(classes) == 1:
        only = f"contains only one class, {shown(classes[0])}; a classifier needs two or more"
        faults.append(Fault(name, none, only))
    elif missing := list(islice((number for number in range(count) if number not in present), _MOST)):
        more = count - len(classes) - len(missing)
        others = f" and {more} more" if more > 0 else ""
        hint = "" if labels else "; is it a number to predict? Then set model.wrapper to NeuralNetRegressor"
        faults.append(Fault(name, none, f"has no row of class {', '.join(map(shown, missing))}{others}", hint))
    return faults
