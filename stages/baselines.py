"""Stage `baselines`: scores what scikit-learn reaches without a net, on the splits of the evaluation.

It also records how these models predict, and what each input is worth to them.
"""

import pandas as pd

from stages.lib.common import run, write_text
from stages.lib.comparison.inputs import inputs_table
from stages.lib.config import load_params
from stages.lib.scores import to_csv as table_to_csv
from stages.lib.scores.reached import to_csv
from stages.lib.scores.splits import read_table
from stages.lib.search import doing
from stages.lib.winners.baseline_scores import BASELINES, DIAGNOSTICS, DIGITS, INPUTS, print_scores, score_baseline
from stages.lib.winners.baselines import baselines
from stages.lib.winners.diagnostics import diagnostics


def main() -> None:
    params = load_params()
    cv = params.cv
    fresh = read_table(params).fresh
    data = fresh.data
    models = baselines(data, fresh.params)
    pooled, scorers = fresh.pooling(len(models)), fresh.scorer(len(models), second=True).scorers
    reached, drawn, inputs = {}, [], {}
    for name, baseline in models.items():
        with doing(f"baselines: {name}"):
            reached[name], seen = score_baseline(name, baseline, fresh, scorers, pooled)
        if seen:
            drawn.append(diagnostics(seen.pooled(fresh)).assign(model=name))
            inputs[name] = seen.importances
    print_scores(reached, f"baselines: {cv.scoring} over {len(fresh.splits)} splits")
    write_text(BASELINES, to_csv(reached, cv, DIGITS))
    write_text(DIAGNOSTICS, table_to_csv(pd.concat(drawn or [diagnostics(None).assign(model="")], ignore_index=True)))
    write_text(INPUTS, table_to_csv(inputs_table(inputs, data.features, fresh.resampling)))


if __name__ == "__main__":
    run(main)
