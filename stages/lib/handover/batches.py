"""Hands rows to a net that predicts, a slice for each batch."""

from collections.abc import Iterator
from typing import Any

import torch
from skorch.dataset import Dataset
from torch import Tensor


class Slices:
    """The batches of skorch's iterator `iterator_valid`, in the order of the rows.

    torch's DataLoader takes rows one by one and joins them, which takes longer than a small net's predictions.
    """

    def __init__(self, dataset: Dataset, batch_size: int) -> None:
        self.X, self.batch_size = torch.as_tensor(dataset.X), batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Any]]:
        for X in self.X.split(self.batch_size):
            yield X, None
