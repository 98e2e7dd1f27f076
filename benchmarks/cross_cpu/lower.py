"""Runs every stage as `pipeline` does, while torch takes the kernels that every x86-64 processor has."""

from benchmarks.cross_cpu.pipeline import run_project
from gridstage.common import environment

if __name__ == "__main__":
    lowest = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    environment.AVX2.update(lowest)  # which each stage sets
    run_project()
