"""Says from which probability on a class is predicted where mistakes have costs; no stage reads these sentences."""

from collections.abc import Sequence

from stages.lib.common import format_interval, format_score, score_decimals
from stages.lib.config import Costs, Params
from stages.lib.results import Results, files
from stages.lib.scores.thresholds import DEFAULT, THRESHOLDS, Threshold, read_choice


def class_names(labels: Sequence[str]) -> list[str]:
    """Return what readers call classes: their labels; of two without labels, which are 0 and 1, 1 is positive."""
    return ["not positive", "positive"] if [*labels] == ["0", "1"] else [*labels]


def read_threshold(results: Results, params: Params, name: str) -> str:
    """Return what the threshold of a saved model costs; "" where mistakes had no costs."""
    evaluation = results.json(files.EVALUATION)
    with results.expecting(files.EVALUATION):
        found = read_choice(evaluation, name)
        return threshold_told(name, class_names(params.data.labels_of(2)), *found) if found else ""


def threshold_told(name: str, labels: Sequence[str], costs: Costs, chosen: Threshold | None) -> str:
    """Say which threshold of a model costs least, and what that and others cost per row."""
    if chosen is None:
        return f"{name} has no probabilities, so evaluate.costs chooses no threshold."
    negative, positive = labels
    decimals = score_decimals([chosen.default_cost])
    cost, default_cost, calibrated_cost = (
        format_score(each, decimals) for each in (chosen.cost, chosen.default_cost, chosen.calibrated_cost)
    )
    mistakes = (
        f"with costs of {costs.false_positive:g} for a false positive and {costs.false_negative:g} for a false negative"
    )
    least = f"which costs least {mistakes}: {cost} per row, where the rows that pay have no say in the choice"
    others = [f"From {DEFAULT:g} on, a row would cost {default_cost}, {_difference(chosen, decimals)}."]
    if chosen.calibrated != DEFAULT:
        theory = f"The threshold for probabilities that are right, {chosen.calibrated:g}, needs no choice"
        others.append(f"{theory}; with it, a row would cost {calibrated_cost}.")
    if chosen.threshold == DEFAULT:
        start = f"Predict the more probable class, which costs least {mistakes}: {default_cost} per row."
        del others[0]
    elif chosen.threshold in THRESHOLDS[[0, -1]]:
        every = positive if chosen.threshold == 0 else negative
        start = f"Predict {every} for every row, {least}. {name} is of no use there; "
        start += f"it predicts {positive} from a probability of {chosen.applied:g} on."
    else:
        start = f"Predict {positive} from a probability of {chosen.threshold:g} on, {least}."
    return " ".join([start, *others])


def _difference(chosen: Threshold, decimals: int) -> str:
    amount = format_interval(abs(chosen.saved), chosen.saved_ci95, decimals)
    return f"{amount} {'more' if chosen.saved >= 0 else 'less'}"
