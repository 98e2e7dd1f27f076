"""Objects on their way to another process: what many of them share can be sent once."""

import pickle
from typing import Any

import numpy as np
import torch

from lockstep.fits.packing import Packed


def sent(content: Any) -> tuple[bytes, list[pickle.PickleBuffer]]:
    buffers: list[pickle.PickleBuffer] = []
    return pickle.dumps(
        Packed(content), protocol=5, buffer_callback=buffers.append
    ), buffers


def place(buffer: pickle.PickleBuffer) -> int:
    return int(np.frombuffer(buffer.raw(), np.uint8).ctypes.data)


def test_large_arrays_and_tensors_are_buffers_that_objects_share() -> None:
    array, tensor = (
        np.arange(50_000.0),
        torch.arange(100_000, dtype=torch.float32).view(-1, 2),
    )
    sendings = [
        sent({"array": array, "tensor": tensor, "own": own}) for own in range(2)
    ]
    for own, (data, buffers) in enumerate(sendings):
        assert [place(buffer) for buffer in buffers] == [
            array.ctypes.data,
            tensor.data_ptr(),
        ]
        assert len(data) < 2_000
        content = pickle.loads(data, buffers=buffers).content
        assert content["own"] == own
        np.testing.assert_array_equal(content["array"], array)
        assert torch.equal(content["tensor"], tensor)


def test_without_a_callback_all_is_in_one_pickle() -> None:
    content: dict[str, Any] = {
        "tensor": torch.randn(40_000),
        "small": torch.ones(3),
        "weights": torch.nn.Parameter(torch.randn(4)),
        "array": np.ones((500, 500))[:, ::2],
    }
    found = pickle.loads(pickle.dumps(Packed(content), protocol=5)).content
    assert torch.equal(found["tensor"], content["tensor"])
    assert torch.equal(found["small"], content["small"])
    assert torch.equal(found["weights"], content["weights"])
    assert found["weights"].requires_grad
    np.testing.assert_array_equal(found["array"], content["array"])
    found["tensor"] += 1  # what comes out can be written to


def test_parameters_and_results_stay_in_the_pickle() -> None:
    weights = torch.nn.Parameter(torch.randn(40_000))
    data, buffers = sent(weights)
    assert not buffers
    assert torch.equal(pickle.loads(data).content, weights)
    buffers = []
    pickle.dumps(
        Packed(torch.randn(40_000), returns=True),
        protocol=5,
        buffer_callback=buffers.append,
    )
    assert not buffers
