"""The private part of torch that stacks rest on. Tried with torch 2.13.0."""

from contextlib import AbstractContextManager
from typing import Any

from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode


def noting_shapes() -> AbstractContextManager[Any]:
    """Let `make_fx` note all shapes in one mode; alone, it builds one for each operation, half of a trace's time."""
    return tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True)))
