"""Nets that take the same steps, as tensors whose first dimension is the nets."""

import copy
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping
from torch import Tensor

from lockstep._compat import tree_flatten, tree_map, tree_unflatten
from lockstep.members.parts import Tensors, optimizer_of
from lockstep.members.rows import Batches, taken, weights
from lockstep.optimizers.stacked import StackedOptimizer, copied, is_row
from lockstep.stacks.nets import Job, Nets
from lockstep.stacks.noise import Draw
from lockstep.stacks.step import StepInputs
from lockstep.stacks.trace import trace

# TorchScript takes as long as it saves in this many steps, and torch never frees the compiled code.
_WORTH_COMPILING = 1000

# Bytes of batches that are kept from epoch to epoch.
_LAID_OUT = 2**25


class Stack(Nets):
    """Nets that take the same steps; `before` is the stack that this one continues, during a training."""

    def __init__(self, job: Job, before: "Stack | None" = None) -> None:
        super().__init__(job)
        self.tables: list[Any] = []
        device = self.flat.device
        self.optimizer = self._make_optimizer()
        self.clips = [_clipping_of(member.net) for member in self.members]
        self.clip = _clipping(self)
        # Nets of one source share rows and their order; nets of one split share noise.
        keys = [(id(member.train), id(member.order)) for member in self.members]
        distinct = list(dict.fromkeys(keys))
        self.sources = [self.members[keys.index(key)] for key in distinct]
        self.source_of = [distinct.index(key) for key in keys]
        self.source = torch.tensor([self.source_of[i] for i in self.order], device=device)
        seeds = sorted({member.noise_seed for member in self.members})
        self.split = torch.tensor([seeds.index(self.members[i].noise_seed) for i in self.order], device=device)
        # The lengths of the batches of each source in each epoch.
        self.sizes: list[list[list[int]]] = []
        self.lengths: list[int] = []
        self.noise: list[Tensor] = []
        # Copies, because other stacks of the search start from the same state.
        self.orders = [copy.copy(member.order) for member in self.sources]
        if before is not None:  # the next epoch is about to begin
            self.draws: list[Draw] = before.draws
            self.generators: dict[int, torch.Generator] = {seed: before.generators[seed] for seed in seeds}
            sources = [before.source_of[before.members.index(member)] for member in self.sources]
            self.orders = [before.orders[i] for i in sources]
            self.sizes = [[sizes[i] for i in sources] for sizes in before.sizes]
            return
        self.generators = {seed: torch.Generator().manual_seed(seed) for seed in seeds}
        self._order_rows()
        self.draws = self.stacked.draws(*tree_unflatten(self._example(), self._spec))
        if any(draw.shape[:1] != (self.lengths[0],) for draw in self.draws):
            raise ValueError("the module draws random numbers that do not belong to a row")
        self._draw()

    def _make_optimizer(self) -> Any:
        return StackedOptimizer(self.flat, self.gradient, [optimizer_of(net) for net in self.nets])

    def next_epoch(self) -> None:
        """Put the rows into the order of the next epoch, and draw its noise."""
        if self.lengths and all(order.fixed is not None for order in self.orders):
            self.sizes.append(self.sizes[-1])
        else:
            self._order_rows()
        self._draw()

    def _order_rows(self) -> None:
        epochs = [order.next_epoch() for order in self.orders]
        self.sizes.append([[len(batch) for batch in batches] for batches in epochs])
        self.lengths, index, weight = self._indexed(epochs, self.sizes[-1])
        self._lay_out(index, weight)

    def _lay_out(self, index: Tensor, weight: Tensor | None) -> None:
        """Put the rows of each source into the order of an epoch."""

        def ordered(*parts: Tensor) -> Tensor:
            return torch.stack([part[i] for part, i in zip(parts, index, strict=True)]).to(self.flat.device)

        rows = tree_map(ordered, *((member.train.X, member.train.y) for member in self.sources))
        self._ordered, self._spec = tree_flatten(rows)
        self._ordered += [] if weight is None else [weight.to(self.flat)]
        # If all epochs have the same batches, these are laid out once, unless they are large or a callback might change
        # them.
        size = sum(tensor[0].nbytes for tensor in self._ordered) * len(self.order)
        fixed = not self.members[0].has_listeners and all(order.fixed is not None for order in self.orders)
        self._placed = list(self._placed_rows()) if fixed and size <= _LAID_OUT else None

    def _indexed(self, epochs: list[Batches], sizes: list[list[int]]) -> tuple[list[int], Tensor, Tensor | None]:
        """Return the batches' lengths, the rows of each source, and, if filled up, the weight of each row."""
        if not self.job.filled:
            if any(each != sizes[0] for each in sizes):
                raise ValueError("nets of a stack have batches of different lengths")
            return sizes[0], torch.tensor([[row for batch in batches for row in batch] for batches in epochs]), None
        width, count = self.members[0].train.width, len(epochs[0])
        if any(len(each) != count or max(each) > width for each in sizes):
            raise ValueError("nets of a stack have different numbers of batches")
        # Filled up with rows of the batch: if their loss is not finite, so is skorch's.
        filled = [[batch + batch[:1] * (width - len(batch)) for batch in batches] for batches in epochs]
        index = torch.tensor(filled, dtype=torch.int64)
        return [width] * count, index.flatten(1), weights(sizes, width).flatten(1)

    def _draw(self) -> None:
        n, dtype = sum(self.lengths), self.flat.dtype
        drawn = [torch.empty(len(self.generators), n, *draw.shape[1:], dtype=dtype) for draw in self.draws]
        for draw, noise in zip(self.draws, drawn, strict=True):
            for own, generator in zip(noise, self.generators.values(), strict=True):
                draw.fill(own, generator)
        self.noise = [noise.to(self.flat.device) for noise in drawn]

    def _example(self) -> list[Tensor]:
        """Return the rows of a net's first batch."""
        return taken(next(self.batches())[: self._spec.num_leaves], 0)

    def sizes_of(self, i: int) -> list[int]:
        """Return the lengths of a member's batches in this epoch."""
        return self.sizes[-1][self.source_of[i]]

    def batches(self) -> Iterator[list[Tensor]]:
        """Yield an epoch's batches: the tensors of each net's rows, of their weights, and its noise."""
        noise = zip(*(tensor.split(self.lengths, dim=1) for tensor in self.noise), strict=True)
        for rows in self._placed or self._placed_rows():
            yield [*rows, *(tensor.index_select(0, self.split) for tensor in next(noise, ()))]

    def _placed_rows(self) -> Iterator[list[Tensor]]:
        for batch in zip(*(tensor.split(self.lengths, dim=1) for tensor in self._ordered), strict=True):
            yield [tensor.index_select(0, self.source) for tensor in batch]

    def own_batch(self, batch: list[Tensor], i: int, number: int) -> tuple[Any, Any]:
        """Return a member's rows of a batch, and their targets."""
        own = taken(batch[: self._spec.num_leaves], (self.positions[i], slice(self.sizes_of(i)[number])))
        return tree_unflatten(own, self._spec)

    def noise_of(self, batch: list[Tensor]) -> list[Tensor]:
        """Return the noise among the tensors of a batch."""
        return batch[len(self._ordered) :]

    def adopt_settings(self) -> None:
        """Let optimizers and the clipping of gradients use the settings of schedules and callbacks."""
        self.optimizer.set([optimizer_of(net)[1] for net in self.nets])
        self.clip = _clipping(self)

    def train_epoch(self) -> Tensor | None:
        """Take all steps of the epoch; returns the losses, shape (n_batches, n_nets), if needed."""
        losses = [self.take_step(batch)[0] for batch in self.batches()]
        return torch.stack(losses) if self.job.knows_losses else None

    def fetch(self) -> None:
        """Bring the tensors of the nets up to date, for whoever reads them; here, they are."""

    def take_step(self, batch: list[Tensor]) -> tuple[Any, Any]:
        """Step all nets on a batch; returns their losses, if needed, and a function for their predictions before it."""
        key = batch[0].shape[1], self.layout, len(self.draws), self.stacked.drops
        if key not in self.job.traces:
            x, y = tree_unflatten(batch[: self._spec.num_leaves], self._spec)
            weight = tuple(batch[self._spec.num_leaves : len(self._ordered)])
            inputs = StepInputs(self.untrained, self.rates, x, y, weight, self.noise_of(batch))
            steps = len(self.lengths) * max(member.epochs for member in self.members)
            self.job.traces[key] = trace(
                self.stacked, self.trained, inputs, self.job.knows_losses, compile_graph=steps > _WORTH_COMPILING
            )
        step = self.job.traces[key]
        with torch.no_grad():
            results = self.surviving(lambda: step(*self.own, *batch), [self.own[i] for i in step.written])
            n = len(self.trained)
            torch.cat(results[:n], dim=1, out=self.gradient[:, : self.length])
            if self.clip is not None:
                self.clip(self.gradient)
            self.optimizer.step()
            if self._any_diverged:
                self.flat[self.diverged] = 0
        losses, *predicted = results[n:] if self.job.knows_losses else (None, *results[n:])
        return losses, partial(step.unflatten, predicted)

    def show_state(self, i: int, net: NeuralNet, named: Tensors) -> None:
        """Give a net its gradients of the last step, and its optimizer the state of its parameters."""
        gradients = self.by_name(self.gradient[self.positions[i]].clone())
        for name, kept in self._optimizer_state_of(i).items():
            named[name].grad = gradients[name]
            if kept:
                net.optimizer_.state[named[name]] = kept

    def _optimizer_state_of(self, i: int) -> dict[str, dict[str, Any]]:
        """Return copies of the optimizer's state of each of a member's parameters, by name."""
        state = self.optimizer.state_of(self.positions[i])
        parts = {key: self.by_name(value) if is_row(value) else None for key, value in state.items()}
        return {
            name: {key: copied(state[key] if part is None else part[name]) for key, part in parts.items()}
            for name in self.trained
        }


def _clipping(stack: Stack) -> Callable | None:
    """Return a function that clips each net's gradient by its `GradientNormClipping`, or None if none clips."""
    clipping = [each for each in stack.clips if _clips(each)]
    if not clipping:
        return None
    (kind,) = {float(each.gradient_clip_norm_type) for each in clipping}
    norms = [float(each.gradient_clip_value) if _clips(each) else math.inf for each in stack.clips]
    limits = torch.tensor(norms).to(stack.flat)[stack.order].unsqueeze(1)
    lengths = [tensor[0].numel() for tensor in stack.trained.values()]

    def clip(gradient: Tensor) -> None:
        # As torch.nn.utils.clip_grad_norm_: the norm of the parameters' norms.
        norms = torch.stack([part.norm(kind, dim=1) for part in gradient[:, : sum(lengths)].split(lengths, dim=1)], 1)
        gradient.mul_((limits / (norms.norm(kind, dim=1, keepdim=True) + 1e-6)).clamp(max=1.0))

    return clip


def _clipping_of(net: NeuralNet) -> Any:
    return next((each for _, each in net.callbacks_ if isinstance(each, GradientNormClipping)), None)


def _clips(callback: Any) -> bool:
    return callback is not None and callback.gradient_clip_value is not None
