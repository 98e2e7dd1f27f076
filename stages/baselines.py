"""Stage `baselines`: scores what scikit-learn reaches without a net, on the splits of the evaluation.

It also records how these models predict, and what each input is worth to them.
"""

import numpy as np
import pandas as pd

from stages.lib.common import run, write_text
from stages.lib.comparison.inputs import inputs_table
from stages.lib.config import load_params
from stages.lib.data import load_dataset
from stages.lib.scores import recorded
from stages.lib.scores import to_csv as table_to_csv
from stages.lib.scores.fresh import Fresh, drawn_anew
from stages.lib.scores.reached import Reached
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import checked_splits, doing
from stages.lib.search.result import SCORE
from stages.lib.winners.baseline_scores import BASELINES, DIAGNOSTICS, INPUTS, print_scores, to_csv
from stages.lib.winners.baselines import baselines
from stages.lib.winners.diagnostics import diagnostics, pool
from stages.lib.winners.watched import Watched, score_baseline


def main() -> None:
    params = load_params()
    classify = params.model.classifies
    scorers = make_scorer(params.cv.scoring, params.cv.also_score).scorers
    data = load_dataset(params.data, classify, params.seed, params.cv.groups, params.cv.order)
    anew = drawn_anew(params)
    splits = checked_splits(data, anew.cv, anew.seed, classify)
    found, scoring = baselines(data, anew), params.cv.scoring
    fresh = Fresh(anew, splits, data.y, data.groups)
    pooled = recorded(scoring, data.n_classes, fresh.n_scored(len(found)))
    reached, drawn, inputs = dict[str, Reached](), [], {}
    for name, baseline in found.items():
        with doing(f"baselines: {name}"):
            watched = Watched(scorers[scoring], pooled, len(data.features))
            scores = score_baseline(name, baseline, data, splits, scorers | {scoring: watched})
        scores = {SCORE: scores.pop(scoring)} | scores
        # Where a scorer fails, the others are asked again.
        statistics = watched.statistics[-len(splits) :]
        ci95 = fresh.half_width(scores[SCORE], statistics, all(watched.constant), pooled)
        reached[name] = Reached(scores, ci95, baseline.description)
        if np.isfinite(scores[SCORE]).all():
            predicted = watched.predictions[-len(splits) :]
            drawn.append(diagnostics(pool(data.y, splits, predicted, data.classes)).assign(model=name))
            inputs[name] = np.stack(watched.importances[-len(splits) :])
    print_scores(reached, f"baselines: {scoring} over {len(splits)} splits")
    write_text(BASELINES, to_csv(reached, params.cv))
    write_text(DIAGNOSTICS, table_to_csv(pd.concat(drawn or [diagnostics(None).assign(model="")], ignore_index=True)))
    write_text(INPUTS, table_to_csv(inputs_table(inputs, data.features, fresh.test_share)))


if __name__ == "__main__":
    run(main)
