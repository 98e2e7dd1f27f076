"""Stage `baselines`: scores what scikit-learn reaches without a net, on the splits of the evaluation.

It also records how these models predict, also by threshold, and what each input is worth to them.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stages.lib.baselines.baselines import baselines, score_baseline
from stages.lib.common import run
from stages.lib.config import load_params
from stages.lib.data import Unchanged
from stages.lib.results import files, write_folder
from stages.lib.results.files import File
from stages.lib.scores.diagnostics import diagnostics, prediction_errors
from stages.lib.scores.reached import reached_table
from stages.lib.scores.shuffled import inputs_table
from stages.lib.scores.splits import read_table
from stages.lib.scores.thresholds import counts_table, threshold_counts
from stages.lib.search import doing
from stages.lib.told.printed import print_scores


def main() -> None:
    params = load_params()
    file = Unchanged(params.data.path)
    cv = params.cv
    fresh = read_table(params).fresh
    data = fresh.data
    models = baselines(data, fresh.params)
    pooled, scorers = (
        fresh.pooling(len(models)),
        fresh.scorer(len(models), second=True).scorers,
    )
    reached, drawn, counted, inputs, errors = (
        {},
        [],
        [counts_table(None).assign(model="")],
        {},
        {},
    )
    for name, baseline in models.items():
        with doing(f"baselines: {name}"):
            reached[name], seen = score_baseline(name, baseline, fresh, scorers, pooled)
        if seen:
            drawn.append(diagnostics(seen.pooled(fresh)).assign(model=name))
            errors[name] = prediction_errors(seen.pooled(fresh))
            counts = threshold_counts(seen.predictions, fresh.data, fresh.splits)
            counted.append(counts_table(counts).assign(model=name))
            inputs[name] = seen.importances
    file.check()
    print_scores(reached, f"baselines: {cv.scoring} over {len(fresh.splits)} splits")
    tables: dict[File, pd.DataFrame | Mapping[str, Any]] = {
        files.BASELINES: reached_table(reached, cv)
    }
    tables[files.BASELINE_DIAGNOSTICS] = pd.concat(
        drawn or [diagnostics(None).assign(model="")], ignore_index=True
    )
    tables[files.BASELINE_THRESHOLDS] = pd.concat(counted, ignore_index=True)
    tables[files.BASELINE_INPUTS] = inputs_table(
        inputs, data.features, fresh.resampling
    )
    tables[files.BASELINE_ERRORS] = errors
    write_folder(tables)


if __name__ == "__main__":
    run(main)
