"""Stage `baselines`: scores what scikit-learn reaches without a net, on the splits of the evaluation.

It also records how these models predict, also by threshold, and what each input is worth to them.
"""

from gridstage.baselines import open_baselines
from gridstage.common import run
from gridstage.config import load_params
from gridstage.data import Unchanged
from gridstage.results import write_folder
from gridstage.search import doing
from gridstage.told import print_scores


def main() -> None:
    params = load_params()
    file = Unchanged(params.data.path)
    baselines = open_baselines(params)
    scored = {}
    for name in baselines.models:
        with doing(f"baselines: {name}"):
            scored[name] = baselines.score(name)
    file.check()

    reached = {name: each.reached for name, each in scored.items()}
    n_splits = len(baselines.fresh.splits)
    print_scores(reached, f"baselines: {params.cv.scoring} over {n_splits} splits")
    write_folder(baselines.contents(scored))


if __name__ == "__main__":
    run(main)
