"""What is saved, the kept net and the answer: the fits on all rows, how they predict, what their inputs are worth."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import UserError, explained
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.engine import lean, net_of, seed_everything
from stages.lib.handover import Card, PlainModel
from stages.lib.model import AGAINST_DIVERGENCE, build_estimator, hold_out_watchers, resolve_settings, rows, target
from stages.lib.results import Results, files
from stages.lib.scores.splits import Table
from stages.lib.search import advice_on_one_row, doing
from stages.lib.winners.baselines import baselines
from stages.lib.winners.diagnostics import COLUMNS, Seen, diagnostics
from stages.lib.winners.shuffled import inputs_table, with_standing

# A model, its card, and what it was fitted on, in words.
Fitted = tuple[BaseEstimator | PlainModel, Card, str]


def fit(name: str, settings: dict[str, dict[str, Any]], table: Table) -> Fitted:
    """Fit a contender on all rows, but for those that watching callbacks hold out; a baseline becomes arrays."""
    data, params = table.data, table.params
    words, held = f"fitted on all {len(data.y)} rows", ""
    with doing(f"evaluate: fitting {name} on all rows"):
        if name not in settings:
            return *_fit_baseline(name, data, params), words
        own = settings[name]
        if watchers := hold_out_watchers(resolve_settings(own, files.BEST_PARAMS.path, name)):
            held = f"; 1 in {own['train_split']} is held out for {', '.join(watchers)}"
        else:
            own = own | {"train_split": None}
        card = Card.of("net", "", params.prepare.under(own), data, params.data.target, own)
        return fit_on_all_rows(name, own, data, params), card, words + held


def _fit_baseline(name: str, data: Dataset, params: Params) -> tuple[PlainModel, Card]:
    baseline = baselines(data, params)[name]
    with explained(f"{name} can't be fitted on all rows", "Set evaluate.use in params.yaml to another contender."):
        model = PlainModel.of(baseline.estimator.fit(rows(data, baseline.estimator), data.y), bool(data.classes))
    return model, Card.of(model.kind, name, baseline.prepare, data, params.data.target)


def fit_on_all_rows(name: str, settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit the net of this name on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, files.BEST_PARAMS.path, name, params.cv)
    estimator = build_estimator(resolved, data, params.prepare)
    lean(net_of(estimator))
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained(
        f"The net {name} can't be fitted on all rows",
        lambda error: advice_on_one_row(error) or "Fix the module or its settings.",
    ):
        estimator.fit(rows(data, estimator), y)
    if net_of(estimator).diverged_:
        raise UserError(
            f"The net {name} diverged when it was fitted on all rows: its weights are not finite. " + AGAINST_DIVERGENCE
        )
    return estimator


def saved_diagnostics(results: Results, name: str, seen: Mapping[str, Seen], fresh: Table) -> pd.DataFrame:
    """Return the table of `diagnostics` of a contender; of a baseline it is what the stage baselines wrote."""
    if name in seen:
        return diagnostics(seen[name].pooled(fresh))
    table = results.table(files.BASELINE_DIAGNOSTICS)
    return table.loc[table["model"] == name, list(COLUMNS)]


def saved_inputs(results: Results, kept: str, handed_over: str, seen: Mapping[str, Seen], fresh: Table) -> pd.DataFrame:
    """Return what each input is worth to the answer and to the kept net, as `with_standing` does; nets were `seen`."""
    roles = {handed_over: "answer", kept: "net"} if handed_over != kept else {kept: "net and answer"}
    importances = {name: seen[name].importances for name in roles if name in seen}
    table = inputs_table(importances, fresh.data.features, fresh.resampling)
    if len(importances) < len(roles):
        table = pd.concat([table, results.table(files.BASELINE_INPUTS)], ignore_index=True)
    return with_standing(table, roles, fresh.params.rope)
