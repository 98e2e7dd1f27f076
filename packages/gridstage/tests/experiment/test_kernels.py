"""Statistics of the same scores are the same bytes, whatever kernel multiplies the matrices."""

import hashlib
import os
import subprocess
import sys

import pytest

from packages.gridstage.tests import kernels
from packages.gridstage.tests.experiment import statistics_of_sample


def test_statistics_of_committed_scores_are_the_same_with_every_kernel() -> None:
    available = kernels.openblas_kernels()
    if len(available) < 2:
        pytest.skip("numpy has one kernel here")
    command = [sys.executable, "-m", statistics_of_sample.__name__]
    running = {
        kernel: subprocess.Popen(
            command,
            env=os.environ | kernels.variables(kernel),
            stdout=subprocess.PIPE,
            text=True,
        )
        for kernel in available
    }
    hashes = {}
    for kernel, process in running.items():
        printed, _ = process.communicate()
        assert process.returncode == 0
        assert "dropout" in printed
        hashes[kernel] = hashlib.sha256(printed.encode()).hexdigest()
    assert len({*hashes.values()}) == 1, hashes
