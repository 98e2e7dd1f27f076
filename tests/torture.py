"""Kill a whole run at random moments, and check what is left and what the next `dvc repro` makes of it: `make torture`.

HEAD is cloned, and an undisturbed `dvc repro --force` there tells how long a run takes. Then, twenty times, such a run
and all that it started are killed by SIGKILL, at a random moment of that time, and `dvc repro` goes on. No committed
file may be lost or half-written after a kill, and every byte must be the committed one after the repair. Stages that a
kill did not reach keep their results, so a round takes about half as long as a run.

Usage: python -m tests.torture [KILLS]
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

KILLS, SEED = 20, 7
RUN = (sys.executable, "-m", "dvc", "repro")


def start(folder: str, *command: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, its output in a file beside the folder."""
    # The commands of the stages must use this `python`.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with open(f"{folder}.log", "w", encoding="utf-8") as log:
        return subprocess.Popen(
            command, cwd=folder, env=os.environ | {"PATH": path}, stdout=log, stderr=log, text=True, process_group=0
        )


def finish(folder: str, *command: str) -> None:
    """Run a command to its end; exit with its output if it fails."""
    if start(folder, *command).wait():
        sys.exit(f"{' '.join(command)} failed:\n{Path(f'{folder}.log').read_text(encoding='utf-8')}")


def changed(folder: str) -> list[str]:
    """Return the lines of `git status`, where a lost, other or additional file has one."""
    command = ("git", "status", "--porcelain", "--untracked-files=all")
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()


def kill_and_repair(folder: str, after: float) -> tuple[str, list[str], list[str]]:
    """Kill a run after some seconds, and go on; return the stage it was in, and what differed before and after."""
    process = start(folder, *RUN, "--force")
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    told = Path(f"{folder}.log").read_text(encoding="utf-8").splitlines()
    stages = [line.split("'")[1] for line in told if line.startswith("Running stage '")]
    left = changed(folder)
    finish(folder, *RUN)
    return stages[-1] if stages else "start", left, changed(folder)


def main() -> None:
    """Print a row for each kill; exit with 1 if a file was lost, or had other bytes after the repair."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    moments, bad = random.Random(SEED), 0
    with TemporaryDirectory() as temporary:
        folder = f"{temporary}/clone"
        subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)
        began = time.monotonic()
        finish(folder, *RUN, "--force")
        whole = time.monotonic() - began
        print(f"A run takes {whole:.0f} s here. What differs after it: {changed(folder) or 'nothing'}\n")
        print(
            "| kill | after, s | in stage | lost or other after the kill | after `dvc repro` |\n|---|---|---|---|---|"
        )
        for number in range(1, kills + 1):
            after = moments.uniform(0, whole)
            stage, left, repaired = kill_and_repair(folder, after)
            bad += bool(left or repaired)
            cells = (str(number), f"{after:.0f}", stage, *(", ".join(each) or "nothing" for each in (left, repaired)))
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\n{kills - bad} of {kills} kills left every file whole, and the next run gave the committed bytes.")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
