"""The square roots that replace torch's, so that every CPU gives the same bits, and numbers too small to matter."""

import numpy as np
import torch

from stages.lib.lockstep.members.numerics import subnormals_as_zero  # importing it replaces torch's square roots


def test_square_roots_are_off_by_two_units_at_most() -> None:
    x = torch.rand(100_000) * 100
    exact = np.sqrt(x.numpy().astype(np.float64))
    units = np.abs(torch.sqrt(x).numpy() - exact) / np.spacing(exact.astype(np.float32))
    assert units.max() < 2
    special = torch.tensor([0.0, 4.0, float("inf"), -1.0])
    torch.testing.assert_close(special.sqrt(), torch.tensor([0.0, 2.0, float("inf"), float("nan")]), equal_nan=True)


def test_square_roots_have_a_gradient_and_all_variants() -> None:
    x = torch.tensor([4.0, 9.0], requires_grad=True)
    x.sqrt().sum().backward()
    torch.testing.assert_close(x.grad, torch.tensor([1 / 4, 1 / 6]))
    assert torch._foreach_sqrt([torch.tensor([16.0])])[0].item() == 4
    assert torch.tensor([16.0]).sqrt_().item() == 4
    assert torch.tensor(16).sqrt().item() == 4


def test_subnormal_numbers_count_as_zero_only_where_asked_for() -> None:
    def is_zero() -> bool:
        return float(torch.tensor(1e-39) * 1) == 0

    with subnormals_as_zero():
        assert is_zero()
        with subnormals_as_zero():
            pass
        assert is_zero()
    assert not is_zero()
