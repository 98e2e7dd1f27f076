"""What a training sets in torch and puts back: numbers too small to matter, and threads."""

import torch

from lockstep.members.numerics import one_thread, subnormals_as_zero


def test_subnormal_numbers_count_as_zero_only_where_asked_for() -> None:
    def is_zero() -> bool:
        return float(torch.tensor(1e-39) * 1) == 0

    with subnormals_as_zero():
        assert is_zero()
        with subnormals_as_zero():
            pass
        assert is_zero()
    assert not is_zero()


def test_a_training_takes_one_thread_and_gives_back_what_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
