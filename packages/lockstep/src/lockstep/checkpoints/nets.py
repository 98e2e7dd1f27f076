"""Trained nets as they are kept: what handing a net back needs."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep._compat import tree_map
from lockstep.fits.answers import RowsToAnswer
from lockstep.fits.tasks import Task
from lockstep.members.own_fit import Prepared
from lockstep.stacks.trained import Trained


@dataclass
class KeptNet:
    """A trained net without its rows."""

    trained: Trained  # without its member
    printed: str
    others: Any  # the states of the generators other than torch's, if its fit has drawn from them
    n_parts: int  # of the rows that it predicts: 1 for the test rows, 2 for the training rows before them

    def restored(self, prepared: Prepared, test: Any) -> Trained:
        """Return the net as its stack has handed it over; `test` are the rows that are scored, as the net gets them."""
        parts = []
        start = 0
        for rows in [prepared.X, test][-self.n_parts :] if self.n_parts else []:
            parts.append((rows, start + np.arange(len(rows))))
            start += len(rows)
        asked = RowsToAnswer(torch.empty(0), parts)
        printed = io.StringIO(self.printed)
        # What handing back needs of a member.
        vars(self.trained)["member"] = SimpleNamespace(
            output=printed, others=self.others, rows_to_answer=asked
        )
        return self.trained


def kept_net(trained: Trained, task: Task, states: dict[bytes, Tensor]) -> KeptNet:
    """Return what is kept of a task's net; nets with the same state of the generator share one of `states`."""
    member = trained.member
    outputs = trained.outputs
    n_parts = 0
    if outputs is not None:
        places = [torch.as_tensor(each) for _, each in member.rows_to_answer.parts]
        outputs = tree_map(lambda made: made[torch.cat(places)], outputs)
        n_parts = len(places)
    # Nobody reads the records of a net that nobody looks at.
    records = trained.records if task.is_looked_at else trained.records and list
    state = states.setdefault(
        trained.random_state.numpy().tobytes(), trained.random_state
    )
    fields = {
        **vars(trained),
        "member": None,
        "outputs": outputs,
        "records": records,
        "random_state": state,
    }
    return KeptNet(Trained(**fields), member.output.getvalue(), member.others, n_parts)
