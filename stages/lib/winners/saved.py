"""What is saved, the kept net and the answer: the fits on all rows, how they predict, what their inputs are worth."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import UserError, explained
from stages.lib.comparison.inputs import COLUMNS as INPUT_COLUMNS
from stages.lib.comparison.inputs import inputs_table, with_standing
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.engine import lean_optimizer, net_of, seed_everything
from stages.lib.handover import Card, PlainModel
from stages.lib.model import (
    against_divergence,
    build_estimator,
    hold_out_watchers,
    resolve_settings,
    rows,
    target,
)
from stages.lib.scores import to_csv
from stages.lib.scores.fresh import Fresh
from stages.lib.search import advice_on_one_row, doing
from stages.lib.winners.baseline_scores import DIAGNOSTICS, INPUTS, read_seen
from stages.lib.winners.baselines import baselines
from stages.lib.winners.diagnostics import COLUMNS, diagnostics, pool
from stages.lib.winners.leaderboard import BEST_PARAMS
from stages.lib.winners.nets import Seen


def fit_net(name: str, settings: dict[str, Any], data: Dataset, params: Params) -> tuple[BaseEstimator, Card, str]:
    """Fit a contender on all rows, unless callbacks look at some that are held out.

    Returns
    -------
    estimator : estimator
    card : Card
    told : str
        What it was fitted on, in words.
    """
    watchers = hold_out_watchers(resolve_settings(settings, str(BEST_PARAMS), name))
    chosen = settings | ({} if watchers else {"train_split": None})
    with doing(f"evaluate: fitting {name} on all rows"):
        estimator = fit_on_all_rows(name, chosen, data, params)
    held = f"; 1 in {chosen['train_split']} is held out for {', '.join(watchers)}" if watchers else ""
    return estimator, Card.of(chosen, data, params), f"fitted on all {len(data.y)} rows{held}"


def fit_baseline(name: str, data: Dataset, params: Params) -> tuple[PlainModel, Card, str]:
    """Fit a baseline on all rows, and return what `fit_net` returns, with the model as arrays."""
    baseline = baselines(data, params)[name]
    with (
        doing(f"evaluate: fitting {name} on all rows"),
        explained(f"{name} can't be fitted on all rows", "Set evaluate.use in params.yaml to another contender."),
    ):
        fitted = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
    model = PlainModel.of(fitted, bool(data.classes))
    card = Card.of_plain(model.kind, name, baseline.prepare, data, params.data.target)
    return model, card, f"fitted on all {len(data.y)} rows"


def fit_on_all_rows(name: str, settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit the net of this name on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), name, params.cv)
    estimator = build_estimator(resolved, data, params.prepare)
    net = net_of(estimator)
    net.set_params(optimizer=lean_optimizer(net.optimizer))
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained(
        f"The net {name} can't be fitted on all rows",
        lambda error: advice_on_one_row(error) or "Fix the module or its settings.",
    ):
        estimator.fit(rows(data, estimator), y)
    if net_of(estimator).diverged_:
        raise UserError(
            f"The net {name} diverged when it was fitted on all rows: its weights are not finite. "
            + against_divergence(resolved, params.prepare)
        )
    return estimator


def answer_diagnostics(name: str, seen: Mapping[str, Seen], data: Dataset, fresh: Fresh) -> str:
    """Return the table of `diagnostics` of a contender as CSV; that of a baseline is what the stage baselines wrote."""
    if name in seen:
        return to_csv(diagnostics(pool(data.y, fresh.splits, seen[name].predictions, data.classes)))
    table = read_seen(DIAGNOSTICS, COLUMNS)
    return table.loc[table["model"] == name, list(COLUMNS)].to_csv(index=False, lineterminator="\n")


def saved_inputs(kept: str, handed_over: str, seen: Mapping[str, Seen], data: Dataset, fresh: Fresh) -> pd.DataFrame:
    """Return what each input is worth to the answer and to the kept net, as `with_standing` returns it.

    Parameters
    ----------
    kept, handed_over : str
        The contenders.
    seen : mapping of Seen
        Of those of them that are nets.
    data : Dataset
    fresh : Fresh
    """
    roles = {handed_over: "answer", kept: "net"} if handed_over != kept else {kept: "net and answer"}
    found = {name: seen[name].importances for name in roles if name in seen}
    table = inputs_table(found, data.features, fresh.test_share)
    if len(found) < len(roles):
        without_nets = read_seen(INPUTS, INPUT_COLUMNS[1:]).astype({"importance": float, "ci95": float})
        table = pd.concat([table, without_nets], ignore_index=True)
    return with_standing(table, roles, fresh.params.rope)
