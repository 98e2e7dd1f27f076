"""Train the same small search here and on two emulated CPUs, and compare the bytes: `make cross-cpu`.

Every candidate of four experiments (all optimizers, initialisers and activations, and dropout with max-norm) is
trained for a few epochs, one by one and in lockstep, with inputs as they are and scaled, and so are the baselines of
the evaluation; what is compared are hashes over weights and outputs.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

CPUS = ("Haswell", "EPYC-Rome")
EXPERIMENTS = ("optimizer", "weight_init", "activation", "dropout")
DROPOUT_GRID = {"module__dropout_rate": [0.0, 0.5], "module__weight_constraint": [1.0]}


def fingerprints() -> dict[str, str]:
    """Return a hash for each candidate, by its experiment and setting."""
    import stages  # noqa: F401, I001 (pins the kernels of numpy's BLAS, so before numpy)

    import numpy as np

    from stages.lib.winners.contenders import baselines
    from stages.lib.data import load_dataset
    from stages.lib.model import build_estimator, resolve_experiment, target
    from stages.lib.lockstep import fit_seed, seed_everything
    from stages.lib.common import format_params
    from stages.lib.config import candidates, load_params
    from stages.lib.lockstep.plan import make_plan
    from stages.lib.lockstep.splits import Splits
    from stages.lib.lockstep.stack import Stack

    params = load_params()
    params.experiments["dropout"].grid.clear()
    params.experiments["dropout"].grid.update(DROPOUT_GRID)
    data = load_dataset(params.data.model_copy(update={"sample": 0.2}), classify=True, seed=params.seed)
    found = {}
    for name in EXPERIMENTS:
        settings, grid = resolve_experiment(params, name)
        for shown, candidate in zip(candidates(params.experiments[name].grid), candidates(grid), strict=True):
            chosen = settings | candidate | {"max_epochs": 3}
            net = build_estimator(chosen, data, scale=None)
            seed_everything(fit_seed(params.seed, 0))
            net.fit(data.X, target(data.y, chosen["wrapper"], chosen["criterion"]))
            content = [weight.detach().numpy().tobytes() for weight in net.module_.parameters()]
            content.append(net.predict(data.X).tobytes())
            found[f"{name}, one by one: {format_params(shown)}"] = hashlib.sha256(b"".join(content)).hexdigest()

        estimator = build_estimator(settings | {"max_epochs": 3}, data, scale="standard")
        everything = np.arange(len(data.y))
        y = target(data.y, settings["wrapper"], settings["criterion"])
        splits = Splits(estimator, data.X, y, [(everything, everything)] * 2)
        listed = [{f"net__{key}": value for key, value in candidate.items()} for candidate in candidates(grid)]
        plans, refusals = make_plan(estimator, listed, splits, seed=params.seed, max_memory_mb=2048, n_jobs=1)
        assert not refusals, refusals
        for number, plan in enumerate(plans):
            stack = Stack(plan.members, {m.split: splits.rows(m.net, m.split) for m in plan.members}, 7, plan.size)
            step = stack.trace()
            for _ in range(3):
                stack.train_epoch(step)
            content = [stack.flat.numpy().tobytes(), stack.outputs(splits.inputs(stack.splits)).numpy().tobytes()]
            found[f"{name}, in lockstep: stack {number}"] = hashlib.sha256(b"".join(content)).hexdigest()
    for name, baseline in baselines(classify=True).items():
        proba = baseline.estimator.fit(data.X, data.y).predict_proba(data.X)
        found[name] = hashlib.sha256(proba.tobytes()).hexdigest()
    return found


def main() -> None:
    """Compare this machine with each emulated CPU; exit with 1 where a candidate differs."""
    if sys.argv[1:] == ["--fingerprints"]:
        print(json.dumps(fingerprints()))
        return
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        sys.exit("qemu-x86_64 is missing. Install it (Debian and Ubuntu: apt-get install qemu-user) and run again.")
    here = [sys.executable, "-m", "tests.cross_cpu", "--fingerprints"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    emulated = {
        cpu: subprocess.Popen([emulator, "-cpu", cpu, *here], env=environment, stdout=subprocess.PIPE, text=True)
        for cpu in CPUS
    }
    expected = json.loads(subprocess.run(here, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    different = False
    for cpu, process in emulated.items():
        output, _ = process.communicate()
        found = json.loads(output) if process.returncode == 0 else {}
        differing = [name for name in expected if found.get(name) != expected[name]]
        different |= bool(differing)
        print(f"{cpu}: {len(expected) - len(differing)} of {len(expected)} hashes are the same as here")
        for name in differing:
            print(f"  differs: {name}")
    sys.exit(different)


if __name__ == "__main__":
    main()
