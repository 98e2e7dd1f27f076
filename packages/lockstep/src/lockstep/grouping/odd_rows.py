"""Finds rows that are unlike others: a net may treat these in another way than the rest."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

# The most rows with rare codes that are looked at.
_RARE = 1024


def odd_places(tensor: Tensor) -> list[int]:
    """Return rows with the least, largest or smallest number of a column, or with a rare code; some more than once.

    A target that a loss leaves out is one of these, such as -100, 0 or NaN, which counts as the least and the largest;
    and so is a row of padding, whose numbers are the smallest of many columns.
    """
    columns = tensor.detach().cpu().reshape(len(tensor), -1)
    if columns.dtype == torch.bool:
        columns = columns.byte()
    if not columns.numel():
        return []
    places = [
        *columns.argmin(0).tolist(),
        *columns.argmax(0).tolist(),
        *columns.abs().argmin(0).tolist(),
    ]
    if columns.shape[1] == 1 and not columns.is_floating_point():
        _, first, count = np.unique(
            columns.numpy(), return_index=True, return_counts=True
        )
        places += first[count.argsort(kind="stable")][:_RARE].tolist()
    return places


def oddest(tensors: Sequence[Tensor], n: int) -> np.ndarray:
    """Return `n` rows of tensors of the same length: those that are odd in most columns, then the first ones."""
    odd = Counter(place for tensor in tensors for place in odd_places(tensor))
    places = [place for place, _ in odd.most_common(n)]
    rest = (place for place in range(len(tensors[0])) if place not in odd)
    while len(places) < n and (further := next(rest, None)) is not None:
        places.append(further)
    return np.resize(places, n)
