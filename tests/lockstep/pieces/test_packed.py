"""Objects on their way to another process."""

import pickle
from typing import Any

import numpy as np
import torch

from lockstep.fits.packing import Packed


def test_what_comes_out_is_what_went_in_and_can_be_written_to() -> None:
    content: dict[str, Any] = {
        "tensor": torch.randn(40_000),
        "weights": torch.nn.Parameter(torch.randn(4)),
        "array": np.ones((500, 500))[:, ::2],
    }
    found = pickle.loads(pickle.dumps(Packed(content))).content
    assert torch.equal(found["tensor"], content["tensor"])
    assert torch.equal(found["weights"], content["weights"])
    assert found["weights"].requires_grad
    np.testing.assert_array_equal(found["array"], content["array"])
    found["tensor"] += 1
