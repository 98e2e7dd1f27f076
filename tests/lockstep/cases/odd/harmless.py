"""What looks like a way into a training and is none: all of it trains in lockstep."""

import math
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.cases.base import RATES, TOKEN_LABELS, TOKENS, Case, case, classifier
from tests.lockstep.cases.odd.late import Scores
from tests.lockstep.cases.plain.modules import MLP, WIDTH


@reads_only
class Counts(Callback):
    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.n_epochs_ = 0

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.n_epochs_ += 1


@reads_only
class Mails(Counts):
    """Has a method of its own of the name of one of skorch's nets."""

    def notify(self, text: str) -> str:
        return f"{text} after {self.n_epochs_} epochs"


class NotesAScale(MLP):
    """Sets an attribute in each pass, to the same number."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = math.sqrt(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        self.scale = math.sqrt(x.shape[-1])
        return super().forward(x / self.scale)


class Pretrained(nn.Module):
    """Trains vectors whose memory is that of a tensor outside."""

    def __init__(self, vectors: Tensor | None = None) -> None:
        super().__init__()
        vectors = torch.linspace(-1, 1, 44).reshape(11, 4) if vectors is None else vectors
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=False)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.vectors(x).mean(1))


class WithNothing(MLP):
    """Has a parameter without numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(0))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.nothing.sum()


def harmless() -> dict[str, Case]:
    vectors = torch.linspace(-1, 1, 44, dtype=torch.float64).reshape(11, 4)
    pretrained = classifier(Pretrained, module__vectors=vectors, callbacks=[Counts()])
    return {
        "no device": case(device=None),
        "a callback with a method notify": case(callbacks=[Mails()]),
        "an attribute set anew": case(NotesAScale, callbacks=[Scores(every=1)]),
        "vectors from outside": Case(pretrained, RATES, X=TOKENS, y=TOKEN_LABELS),
        "a parameter without numbers": case(WithNothing, {"lr": [0.1, 0.02], "batch_size": [WIDTH, 16]}),
    }
