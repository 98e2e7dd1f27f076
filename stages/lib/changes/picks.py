"""Says which settings a search picks before and after, and what their scores differ by."""

import re
from collections.abc import Mapping
from math import isnan, nan
from typing import Any

from resampled.pairs.apart import Apart
from resampled.pairs.family import Verdict
from resampled.pairs.pair import FEWEST_SPLITS, Pair
from stages.lib.changes.comparison import SearchChange
from stages.lib.changes.scored import Scored
from stages.lib.common import (
    first_of,
    format_interval,
    format_p,
    format_score,
    format_value,
    score_decimals,
    short_params,
)

# The most settings or names that a sentence lists.
MOST = 3
SAME_PICK = "the same pick"
# Of a setting that neither a pick nor `model` has, so the code of the net or of torch decides.
_DEFAULT = "its default"
_BETWEEN_PARAMS = re.compile(r", (?=[A-Za-z_][\w.]*=)")


def pick(search: SearchChange) -> str:
    """Say what a search picks before and after: the settings that differ."""
    if search.old is None or search.new is None:
        side = search.new or search.old
        return short_params(side.params) if side else "no pick"
    settings = [_settings(side.params) for side in (search.old, search.new)]
    differences = []
    for key in settings[0] | settings[1]:
        # A pick is described by what it changes in `model`.
        before, after = (own.get(key, _model(params, key)) for own, params in zip(settings, search.params, strict=True))
        if before != after:
            differences.append(short_params(f"{key}={before} → {after}"))
    return first_of(differences, MOST) or SAME_PICK


def _settings(params: str) -> dict[str, str]:
    parts = (part.partition("=") for part in _BETWEEN_PARAMS.split(params))
    return {key: value for key, equals, value in parts if equals}


def _model(params: Mapping[str, Any], key: str) -> str:
    """Return the value of a setting in `model` or `prepare`."""
    place = key.replace("__", ".", 1) if key.startswith("prepare__") else f"model.{key}"
    return format_value(params[place]) if place in params else _DEFAULT


def search_in_words(search: SearchChange) -> str:
    """Say how the pick of a search scores before and after: side by side, if it is not on the same splits."""
    picked = f"{search.name}, {pick(search)}"
    before, after = values(search)
    if search.verdict is None:
        return f"{picked}: {before} before, {after} now, not compared"
    of = search.verdict.of
    if isinstance(of, Apart):
        return f"{picked}: {before} before, {after} now, {signed(of)}"
    return f"{picked} scores the same" if of.is_same else f"{picked}, {amount(of)}"


def amount(of: Pair | Apart) -> str:
    """Write a difference with its interval, and what stuck fits have to do with it."""
    if isinstance(of, Apart):
        return signed(of)
    splits = f"the same {of.n_splits} fresh splits" if of.is_tested else "the splits"
    if isnan(of.difference):
        return f"a net diverged on some of {splits}"
    return f"{signed(of)} on {splits}{stuck(of)}"


def stuck(pair: Pair) -> str:
    """Say how many fits are stuck, and what the others differ by; empty if none is."""
    if not (pair.old_stuck.any() or pair.new_stuck.any()):
        return ""
    before, after = int(pair.old_stuck.sum()), int(pair.new_stuck.sum())
    # In the order of time, nothing is tested.
    tested = f" (p {compared(pair.p_stuck())})" if pair.is_tested else ""
    counts = f"; {after} of {pair.n_splits} fits {'is' if after == 1 else 'are'} stuck, before {before}{tested}"
    others = pair.without_stuck()
    return counts if others is None else f"{counts}, without these splits {signed(others)}"


def signed(of: Pair | Apart) -> str:
    """Write a difference, with its interval if it has one."""
    decimals = score_decimals(of.means)
    difference = format_score(of.difference, decimals, "+").replace("-", "−")
    return f"{difference} ± {format_score(of.half_width(), decimals)}" if of.is_tested else difference


def values(search: SearchChange) -> list[str]:
    """Write the score of the pick on each side, with its interval."""
    return [_value(scored) for scored in (search.old, search.new)]


def _value(scored: Scored | None) -> str:
    if scored is None:
        return "no score on fresh splits"
    half = scored.ci95 if len(scored.scores) >= FEWEST_SPLITS else nan
    return format_interval(scored.mean, half, score_decimals([scored.mean]))


def compared(p: float) -> str:
    """Write a p-value behind `p`."""
    written = format_p(p)
    return written if written.startswith("<") else f"= {written}"


def verdict_in_words(verdict: Verdict) -> str:
    """Write a verdict, with the p-value of one that claims something."""
    if not verdict.claims:
        return verdict.word
    side = "" if isinstance(verdict.of, Pair) else "higher by " if verdict.of.difference > 0 else "lower by "
    return f"{side}{verdict.word} (p {compared(verdict.p)})"
