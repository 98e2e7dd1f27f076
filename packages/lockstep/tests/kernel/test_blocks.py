"""Blocks that several threads compute have the numbers of one thread's, and the small ones are what they are there."""

import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lockstep.kernel import blocks
from lockstep.kernel.blocks import Blocks, table
from lockstep.kernel.program import LANES, Program
from lockstep.kernel.values import Layout

N_NETS, N_STEPS = 4 * LANES + 3, 3


class Halved:
    """Numbers of nets that are halved in each step; notes the threads that do so."""

    def __init__(self, noted: Any, numbers: Tensor, n_threads: int) -> None:
        layout, self.program = Layout(), Program()
        self.value = layout.new((1,))
        self.program.emit("mul", self.value, 0.5, out=self.value)
        self.blocks = Blocks(len(numbers), layout, numbers.dtype, n_threads)
        self.blocks.put(self.value, numbers)
        self.threads = noted(self.blocks, "_run_some", lambda *_: threading.get_ident())

    def run(self) -> Tensor:
        self.blocks.run(self.program.assembled(), N_STEPS, [])
        made = torch.empty(self.blocks.n_nets, 1)
        self.blocks.get(self.value, made)
        return made


@pytest.mark.parametrize("n_threads", [1, 2, 3, 9])
def test_threads_change_no_number(
    monkeypatch: pytest.MonkeyPatch, noted: Any, n_threads: int
) -> None:
    monkeypatch.setattr(blocks, "_WORTH_A_THREAD", 1)
    halved = Halved(
        noted, torch.arange(N_NETS, dtype=torch.float32)[:, None], n_threads
    )
    for runs in (1, 2):
        wanted = torch.arange(N_NETS)[:, None] / 2.0 ** (N_STEPS * runs)
        assert torch.equal(halved.run(), wanted)
    assert (len(set(halved.threads)) > 1) == (n_threads > 1)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_small_numbers_count_as_zero_from_a_flush_to_the_end_of_a_step(
    monkeypatch: pytest.MonkeyPatch, n_threads: int
) -> None:
    monkeypatch.setattr(blocks, "_WORTH_A_THREAD", 1)
    layout, program = Layout(), Program()
    given, before, after = (layout.new((1,)) for _ in range(3))
    program.emit("mul", given, 0.5, out=before)
    program.flush()
    program.emit("mul", given, 0.5, out=after)
    own = Blocks(N_NETS, layout, torch.float32, n_threads)
    own.put(given, torch.full((N_NETS, 1), 2e-38))
    own.run(program.assembled(), N_STEPS, [])
    made = torch.empty(2, N_NETS, 1)
    own.get(before, made[0])
    own.get(after, made[1])
    assert (made[0] == torch.tensor(2e-38) / 2).all()
    assert (made[1] == 0).all()
    assert float(torch.tensor(1e-39) * 1) > 0  # here as before


def test_few_steps_stay_in_one_thread(noted: Any) -> None:
    halved = Halved(noted, torch.ones(N_NETS, 1), n_threads=2)
    halved.run()
    assert set(halved.threads) == {threading.get_ident()}


def test_an_interrupt_waits_for_the_other_threads_which_begin_no_block(
    monkeypatch: pytest.MonkeyPatch, noted: Any
) -> None:
    monkeypatch.setattr(blocks, "_WORTH_A_THREAD", 1)
    halved, is_interrupted = (
        Halved(noted, torch.ones(N_NETS, 1), n_threads=2),
        threading.Event(),
    )
    run_some, began = Blocks._run_some, list[int]()

    def interrupted(part: range, *args: Any) -> None:
        if part.start == 0:
            is_interrupted.set()
            raise KeyboardInterrupt
        is_interrupted.wait()
        *_, ended = args
        assert ended.wait(10)
        time.sleep(0.1)
        run_some(halved.blocks, part, *args)
        began.append(part.start)

    monkeypatch.setattr(halved.blocks, "_run_some", interrupted)
    before = halved.blocks.memory.copy()
    with pytest.raises(KeyboardInterrupt):
        halved.run()
    assert began == [1]
    assert (halved.blocks.memory == before).all()


@pytest.mark.parametrize("number", [-1, 5])
def test_a_table_has_no_number_of_a_row_that_is_not_there(number: int) -> None:
    rows = [torch.zeros(7, 2), torch.zeros(5, 2)]
    index = np.array([[0, 6, 5], [0, 4, number]], dtype=np.int32)
    with pytest.raises(IndexError, match=f"a table of 5 rows has no row {number}"):
        table(rows, np.array([0, 1, 1]), index)


def test_no_step_reads_beyond_the_end_of_a_table() -> None:
    layout, program = Layout(), Program()
    program.emit("copy", program.rows((2, 3)), out=layout.new((2, 3)))
    steps = program.assembled()
    blocks = Blocks(1, layout, torch.float32)
    rows = [torch.zeros(7, 3)]
    whole = table(rows, np.zeros(1, int))
    longer = table(rows, np.zeros(1, int), np.zeros((1, 8), np.int32))
    for each, n_steps in ((whole, 4), (whole.later(2), 3), (longer.later(3), 3)):
        with pytest.raises(IndexError, match="ends before the steps"):
            blocks.run(steps, n_steps, [each])
    blocks.run(steps, 3, [whole])
    blocks.run(steps, 4, [longer])
