"""Runs the stages of the project in the working folder: `python -m benchmarks.cross_cpu.pipeline [STAGE…]`.

Those that are named come after the evaluation. All of them run from one process that imports torch once, because under
emulation an import takes as long as a stage.
"""

import runpy
import sys
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import yaml


def run_project() -> None:
    """Run the stages, each in a process of its own, as `python -m stages.NAME` does; exit if one fails."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    experiments, last = params["experiments"], sys.argv[1:]
    of_each = [(stage, name) for stage in ("search", "compare") for name in experiments]
    names = ["best_params", "baselines", "evaluate", *last]
    stages = [("fetch",), *of_each, *((name,) for name in names)]
    for name in dict.fromkeys(stage for stage, *_ in stages):
        import_module(f"stages.{name}")
    for command in stages:
        process = get_context("fork").Process(target=run_stage, args=command)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{' '.join(command)} ended with {process.exitcode}")


def run_stage(name: str, *arguments: str) -> None:
    """Run a stage in this process."""
    print(f"stage {name} {' '.join(arguments)}", flush=True)
    sys.argv = [f"stages/{name}.py", *arguments]
    runpy.run_module(f"stages.{name}", run_name="__main__")


if __name__ == "__main__":
    run_project()
