"""What skorch records of a training, put together when somebody asks: most searches ask for scores alone."""

from collections.abc import Callable
from typing import Any

from skorch.history import History
from torch import Tensor


class LateHistory(History):
    """A net's history, empty until it is looked at.

    Parameters
    ----------
    records : callable
        Returns the list of epochs.
    """

    def __init__(self, records: Callable[[], list[dict[str, Any]]]) -> None:
        super().__init__()
        self._records: Callable[[], list[dict[str, Any]]] | None = records

    def filled(self) -> "LateHistory":
        """Put the records in."""
        if self._records is not None:
            records, self._records = self._records, None
            self.extend(records())
        return self

    def plain(self) -> History:
        """Return skorch's own history of the same records."""
        return History(self.to_list())

    def __getitem__(self, i: Any) -> Any:
        return History.__getitem__(self.filled(), i)

    def __len__(self) -> int:
        return list.__len__(self.filled())

    def __iter__(self) -> Any:
        return list.__iter__(self.filled())

    def __eq__(self, other: object) -> bool:
        return list.__eq__(self.filled(), other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return list.__repr__(self.filled())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return History, (self.to_list(),)

    def append(self, row: dict[str, Any]) -> None:
        """Add an epoch."""
        list.append(self.filled(), row)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the epochs."""
        return list(self)


def batch_records(training: bool, losses: list[float], sizes: list[int]) -> list[dict[str, Any]]:
    """Return what skorch's history has of batches."""
    kind = "train" if training else "valid"
    loss, size = f"{kind}_loss", f"{kind}_batch_size"
    return [{loss: a, size: b} for a, b in zip(losses, sizes, strict=True)]


def epoch_records(
    losses: list[tuple[Tensor, Tensor | None]], place: int, sizes: list[tuple[list[int], list[int]]]
) -> list[dict[str, Any]]:
    """Return what skorch records of a net without callbacks.

    Parameters
    ----------
    losses : list of (Tensor, Tensor or None)
        Of each epoch, of shape (n_batches, n_nets): on the training rows, and on the hold-out.
    place : int
        The net's.
    sizes : list of (list of int, list of int)
        Of each epoch, the lengths of the batches of both.
    """
    epochs: list[dict[str, Any]] = []
    for number, ((train, valid), (n_train, n_valid)) in enumerate(zip(losses, sizes, strict=True), start=1):
        batches = batch_records(True, train[: len(n_train), place].tolist(), n_train)
        epoch = {"batches": batches, "epoch": number, "train_batch_count": len(n_train)}
        if valid is not None:
            batches += batch_records(False, valid[: len(n_valid), place].tolist(), n_valid)
            epoch["valid_batch_count"] = len(n_valid)
        epochs.append(epoch)
    return epochs
