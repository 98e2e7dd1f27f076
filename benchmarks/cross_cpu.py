"""Train the same small search here and on two emulated CPUs, and compare the bytes: `make cross-cpu`.

Every candidate of four experiments (all optimizers, initialisers and activations, and dropout with max-norm) is
trained for a few epochs, one by one and in lockstep, with inputs as they are and scaled, and so are the baselines of
the evaluation, and wide, convolutional and recurrent nets; what is compared are hashes over weights and outputs.
Then all stages run twice in a small project, with and without AVX-512, and every file that they write is compared.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CPUS = ("Haswell", "EPYC-Rome")
EXPERIMENTS = ("optimizer", "weight_init", "activation", "dropout")
DROPOUT_GRID = {"module__dropout_rate": [0.0, 0.5], "module__weight_constraint": [1.0]}


class Hashes:
    """A scorer that keeps a hash of each net's weights and answers, and returns where it is kept."""

    reads_only = True  # so that stacks answer, as in the pipeline

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, estimator: Any, X: Any, y: Any) -> int:
        """Keep a hash."""
        from stages.lib.engine import net_of

        content = [weight.detach().numpy().tobytes() for weight in net_of(estimator).module_.parameters()]
        content.append(estimator.predict_proba(X).tobytes())
        self.seen.append(hashlib.sha256(b"".join(content)).hexdigest())
        return len(self.seen) - 1


def fingerprints() -> dict[str, str]:
    """Return a hash for each candidate, by its experiment and setting."""
    import stages  # noqa: F401, I001 (pins the kernels of numpy's BLAS, so before numpy)

    import numpy as np
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    from stages.lib.winners.baselines import baselines
    from stages.lib.model import build_estimator, nested_grid, resolve_experiment, rows, target
    from stages.lib.engine import LockstepWarning, fit_seed, seed_everything
    from stages.lib.common import format_params
    from tests.read_sample import load_real_data, load_sample
    from stages.lib.config import Prepare

    params = load_sample()
    params.experiments["dropout"].grid.clear()
    params.experiments["dropout"].grid.update(DROPOUT_GRID)
    part = params.data.model_copy(update={"sample": 0.2})
    data = load_real_data(params.model_copy(update={"data": part}))
    found = {}
    for name in EXPERIMENTS:
        settings, candidates = resolve_experiment(params, name)
        listed = params.experiments[name].candidates(params.seed)
        for shown, candidate in zip(listed, candidates, strict=True):
            chosen = settings | candidate | {"max_epochs": 3}
            net = build_estimator(chosen, data, Prepare())
            seed_everything(fit_seed(params.seed, 0))
            net.fit(rows(data, net), target(data.y, chosen["wrapper"], chosen["criterion"]))
            content = [weight.detach().numpy().tobytes() for weight in net.module_.parameters()]
            content.append(net.predict(rows(data, net)).tobytes())
            found[f"{name}, one by one: {format_params(shown)}"] = hashlib.sha256(b"".join(content)).hexdigest()

        scorer = Hashes()
        estimator = build_estimator(settings | {"max_epochs": 3}, data, Prepare(scale="standard"))
        every = np.arange(len(data.y))
        search = GridSearchCV(
            estimator,
            nested_grid(estimator, candidates),
            cv=[(every, every), (every, every[::-1])],
            scoring=scorer,
            refit=False,
            error_score="raise",
        )
        with warnings.catch_warnings(), parallel_config(backend="lockstep", random_state=params.seed):
            warnings.simplefilter("error", LockstepWarning)
            search.fit(rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"]))
        for number, shown in enumerate(listed):
            places = [int(search.cv_results_[f"split{i}_test_score"][number]) for i in range(2)]
            found[f"{name}, in lockstep: {format_params(shown)}"] = " ".join(scorer.seen[place] for place in places)
    X = data.X.to_numpy(dtype=np.float32)
    for name, baseline in baselines(data, params.model_copy(update={"prepare": Prepare()})).items():
        proba = baseline.estimator.fit(X, data.y).predict_proba(X)
        found[name] = hashlib.sha256(proba.tobytes()).hexdigest()
    return found | of_other_nets()


def of_other_nets() -> dict[str, str]:
    """Return hashes of nets that take few places of a stack, and of other layers, trained as the pipeline does."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV, KFold
    from torch.optim import AdamW

    from benchmarks.engine import everyday
    from nets.table_net import TableNet
    from stages.lib.engine import LockstepWarning

    of_series = everyday.series()[0][:160], everyday.series()[1][:160]
    of_images = everyday.images()[0][:160], everyday.images()[1][:160]
    nets = {
        "64 wide": (everyday.mlp(100, 2, 64), everyday.table(320, 100)),
        "256 wide": (everyday.mlp(100, 2, 256), everyday.table(320, 100)),
        "convolutions": (everyday.classifier(everyday.Convolutions), of_images),
        "GRU": (everyday.classifier(everyday.Recurrent), of_series),
        "attention": (everyday.classifier(everyday.Attention), of_series),
    }
    embedded = {"module__n_inputs": 16, "module__n_outputs": 2, "module__n_numbers": 16}
    for embedding in ("periodic", "piecewise"):
        net = everyday.classifier(TableNet, module__embedding=embedding, **embedded).set_params(optimizer=AdamW)
        nets[f"tables, {embedding}"] = net, everyday.table(320, 16)
    found: dict[str, str] = {}
    for name, (net, (X, y)) in nets.items():
        scorer = Hashes()
        search = GridSearchCV(
            net.set_params(max_epochs=10, batch_size=16),
            {"lr": [0.01, 0.001]},
            cv=KFold(2),
            scoring=scorer,
            refit=False,
        )
        with warnings.catch_warnings(), parallel_config(backend="lockstep", products="numpy"):
            warnings.simplefilter("error", LockstepWarning)
            search.fit(X, y)
        found[name] = " ".join(scorer.seen)
    return found


def without_avx512() -> dict[str, str]:
    """Return what lets numpy do without its kernels for AVX-512, whose exp and log differ in their last bits."""
    kernels = import_module("numpy._core._multiarray_umath").__cpu_dispatch__
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(name for name in kernels if "512" in name or "V4" in name)}


def outputs(variables: dict[str, str]) -> dict[str, str]:
    """Return a hash of each file that the stages write in a small project."""
    from tests.project import Project, small_params

    params = small_params()
    params["experiments"] = {name: params["experiments"][name] for name in ("dropout", "joint")}
    params["cv"]["also_score"] = ["neg_log_loss", "roc_auc"]
    of_each = [(stage, name) for stage in ("search", "compare") for name in params["experiments"]]
    with TemporaryDirectory() as folder:
        project = Project.copied(Path(folder), params)
        for name in ("metrics", "models"):
            shutil.rmtree(project.folder / name)
        for stage in (("fetch",), *of_each, ("best_params",), ("baselines",), ("evaluate",)):
            project.stage(*stage, variables=variables)
        files = [path for name in ("metrics", "models") for path in sorted((project.folder / name).rglob("*.*"))]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> None:
    """Compare this machine with each emulated CPU; exit with 1 where a candidate differs, or could not be compared."""
    if sys.argv[1:] == ["--fingerprints"]:
        print(json.dumps(fingerprints()))
        return
    here, without = outputs({}), outputs(without_avx512())
    differing = [name for name in here if here[name] != without.get(name)]
    print(f"without AVX-512: {len(here) - len(differing)} of {len(here)} files of the stages are the same")
    for name in differing:
        print(f"  differs: {name}")
    sys.exit(compared_emulated() or bool(differing))


def compared_emulated() -> bool:
    """Print how each emulated CPU compares with this machine, and return whether one differs."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        sys.exit("qemu-x86_64 is missing. Install it (Debian and Ubuntu: apt-get install qemu-user) and run again.")
    here = [sys.executable, "-m", "benchmarks.cross_cpu", "--fingerprints"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    emulated = {
        cpu: subprocess.Popen([emulator, "-cpu", cpu, *here], env=environment, stdout=subprocess.PIPE, text=True)
        for cpu in CPUS
    }
    expected = json.loads(subprocess.run(here, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    different = False
    for cpu, process in emulated.items():
        output, _ = process.communicate()
        if process.returncode:
            different = True
            print(f"{cpu}: not compared, because the emulated search ended with {process.returncode}; see above")
            continue
        found = json.loads(output)
        differing = [name for name in expected if found.get(name) != expected[name]]
        different |= bool(differing)
        print(f"{cpu}: {len(expected) - len(differing)} of {len(expected)} hashes are the same as here")
        for name in differing:
            print(f"  differs: {name}")
    return different


if __name__ == "__main__":
    main()
