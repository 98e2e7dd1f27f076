"""All private parts of other packages that the engine needs.

If a part is missing, because a package is older than pyproject.toml asks for, or newer than the tests have seen,
`missing_parts` says so. Modules that need the part then can't be imported, and the backend fits nets one by one.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from joblib.parallel import BatchedCalls
from sklearn.model_selection import _validation
from skorch import NeuralNet
from torch import nn
from torch.autograd.graph import disable_saved_tensors_hooks

_MISSING: list[str] = []


@contextmanager
def _noting() -> Iterator[None]:
    """Note which part is missing, if the block raises."""
    try:
        yield
    except (ImportError, AttributeError) as error:
        _MISSING.append(str(error))


with _noting():
    from cloudpickle.cloudpickle import (  # type: ignore[import-untyped]
        _DYNAMIC_CLASS_TRACKER_BY_CLASS,
        _DYNAMIC_CLASS_TRACKER_BY_ID,
    )
    from joblib.externals.loky.backend.resource_tracker import ensure_running
    from joblib.parallel import _backend, default_parallel_config, get_active_backend
with _noting():
    from sklearn.metrics import _scorer
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.utils import metaestimators
    from sklearn.utils.metaestimators import _safe_indexing, _safe_split
with _noting():
    from torch._decomp import decomposition_table, decompositions
    from torch._functorch.eager_transforms import (
        _create_differentiable,
        _undo_create_differentiable,
        _wrap_all_tensors,
        grad_increment_nesting,
    )
    from torch.autograd.graph import _engine_run_backward
with _noting():
    from torch.nn.modules.dropout import _DropoutNd
    from torch.utils import _pytree
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import (
        TreeSpec,
        tree_flatten,
        tree_leaves,
        tree_map_only,
        tree_unflatten,
    )

    make_subclass = torch.Tensor._make_subclass
    no_torch_function = torch._C._disabled_torch_function_impl

    class LeanMode(TorchDispatchMode):
        """A mode that does not import torch's compiler, as torch would do to exclude a mode from compilation."""

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False


# Where a layer keeps its own parameters and buffers.
TENSORS = "_parameters", "_buffers"

# What torch.compile sets on a function that it makes.
COMPILED = "_torchdynamo_orig_callable"

# What scikit-learn's searches and cross-validations run for each candidate and split.
_FITS = ("_fit_and_score", "_fit_and_predict")


@cache
def _signatures() -> dict[Callable[..., Any], inspect.Signature]:
    """Return the signatures of the functions that exist and have the parameters that the engine reads."""
    read = {"estimator", "X", "y", "train", "test", "fit_params"}
    signatures = {}
    for name in _FITS:
        fit = getattr(_validation, name, None)
        if fit is None:
            continue
        signature = inspect.signature(fit)
        if read <= signature.parameters.keys():
            signatures[fit] = signature
    return signatures


@cache
def missing_parts() -> list[str]:
    """Return sentences about parts that are missing."""
    unknown = [
        name for name in _FITS if getattr(_validation, name, None) not in _signatures()
    ]
    return [f"scikit-learn has no {name} as known" for name in unknown] + _MISSING


def fit_arguments(batch: BatchedCalls) -> dict[str, Any] | None:
    """Return the arguments of the call in a joblib batch if it is a single fit, as searches submit them, else None."""
    function, args, kwargs = batch.items[0]
    # The function is inside of scikit-learn's _FuncWrapper.
    signature = _signatures().get(getattr(function, "function", function))
    if signature and len(batch.items) == 1:
        return signature.bind(*args, **kwargs).arguments
    return None


def joblibs_config() -> Any:
    """Return what `parallel_config` has set in this thread."""
    return getattr(_backend, "config", None) or default_parallel_config


@contextmanager
def as_configured(config: Any) -> Iterator[None]:
    """In the block, let joblib be as `parallel_config` had set it elsewhere; None for nothing."""
    own = joblibs_config()
    _backend.config = config or default_parallel_config
    try:
        yield
    finally:
        _backend.config = own


def own_scorers(scorer: Any) -> list[Any]:
    """Return the scorers that are the user's own functions; those of `make_scorer` are not."""
    scorers = [scorer]
    if isinstance(scorer, _scorer._MultimetricScorer):
        scorers = scorer._scorers.values()
    theirs = _scorer._BaseScorer, _scorer._PassthroughScorer
    return [
        each for each in scorers if each is not None and not isinstance(each, theirs)
    ]


def hooks_of(tensor: torch.Tensor) -> tuple[int, int]:
    """Return how many hooks a tensor has for its gradient, and after it."""
    return len(tensor._backward_hooks or ()), len(
        getattr(tensor, "_post_accumulate_grad_hooks", None) or ()
    )


def global_hooks() -> list[list[Any]]:
    """Return the hooks that torch calls for every module, around a forward pass and around its gradients."""
    names = (
        f"_global_{when}_hooks"
        for when in ("forward_pre", "forward", "backward_pre", "backward")
    )
    return [list(getattr(nn.modules.module, name).values()) for name in names]


def step_hooks(optimizer: torch.optim.Optimizer) -> tuple[int, int]:
    """Return how many hooks an optimizer has before its steps, and after them."""
    return len(optimizer._optimizer_step_pre_hooks), len(
        optimizer._optimizer_step_post_hooks
    )


def parts_of(net: NeuralNet) -> tuple[list[str], list[str], list[str]]:
    """Return the names of a net's modules, criteria and optimizers."""
    return net._modules, net._criteria, net._optimizers


@contextmanager
def lean_checks() -> Iterator[None]:
    """Keep torch's checks, which get bools here, from importing symbolic shapes: the import takes half a second."""
    check_with = torch._check_with

    def check(error_type: Any, condition: Any, message: Any) -> None:
        if condition is not True:
            check_with(error_type, condition, message)

    torch._check_with = check  # type: ignore[assignment]
    try:
        yield
    finally:
        torch._check_with = check_with


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Do what torch's does, but for its walk, which takes long, where a tree is a tensor, as it nearly always is."""
    if isinstance(tree, torch.Tensor):
        return function(tree, *others)
    return _pytree.tree_map(function, tree, *others)


@contextmanager
def lean_selection() -> Iterator[None]:
    """Let scikit-learn select rows of numpy's arrays without asking whether they are data frames, which takes long.

    Threads that leave the block before others take it from these, which then select as ever.
    """
    metaestimators._safe_indexing = _selected
    try:
        yield
    finally:
        metaestimators._safe_indexing = _safe_indexing


def _selected(rows: Any, places: Any, *, axis: int = 0) -> Any:
    is_plain = (
        type(rows) is type(places) is np.ndarray
        and places.dtype.kind in "iub"
        and axis == 0
    )
    if is_plain:
        return rows[places]
    return _safe_indexing(rows, places, axis=axis)


def vjp(
    function: Callable[..., Any], own: dict[str, Any]
) -> tuple[Any, Callable[[Any], dict[str, Any]], Any]:
    """Do what `torch.func.vjp` does with `has_aux`, for a function that returns a tensor and other values.

    Returns the tensor, a function that pulls a gradient of the tensor back to `own`, and the other values.
    """
    refused = disable_saved_tensors_hooks(
        "hooks for saved tensors, such as checkpoint's, can't see a single net of a stack"
    )
    with refused, grad_increment_nesting() as level, torch.enable_grad():
        inputs = _create_differentiable(_wrap_all_tensors(own, level))
        made, others = function(inputs)
        result = _undo_create_differentiable(made, level)
        others = _undo_create_differentiable(others, level)

    def pull_back(gradient: Any) -> dict[str, Any]:
        wanted = tuple(inputs.values())
        how = {"allow_unreachable": True, "accumulate_grad": False}
        pulled: Any = [None] * len(wanted)
        if made.requires_grad:
            pulled = _engine_run_backward(
                (made,), (gradient,), True, torch.is_grad_enabled(), wanted, **how
            )
        gradients = dict(zip(inputs, pulled, strict=True))
        for key, tensor in inputs.items():
            if gradients[key] is None:
                gradients[key] = torch.zeros_like(tensor)
        return gradients

    return result, pull_back, others
