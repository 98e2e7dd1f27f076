"""Says which settings a search picks before and after, and which candidates may no longer be the best, or newly may."""

import re
from collections.abc import Iterator

from stages.lib.changes.comparison import BestSets
from stages.lib.changes.results import Scored
from stages.lib.common import first_of, short_params

# The most settings or names that a sentence lists.
MOST = 3
_AS_MODEL = "as in model"
_BETWEEN_PARAMS = re.compile(r", (?=[A-Za-z_][\w.]*=)")


def pick(old: Scored | None, new: Scored | None) -> str:
    """Say what a search picks before and after: the settings that differ."""
    if old is None or new is None:
        side = new or old
        return short_params(side.params) if side else "no pick"
    before, after = _settings(old.params), _settings(new.params)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not keys:
        return "the same pick"
    if len(keys) > MOST:
        return f"{len(keys)} settings of its pick"
    # A pick is described by what it changes in `model`.
    differences = (f"{key}={before.get(key, _AS_MODEL)} → {after.get(key, _AS_MODEL)}" for key in keys)
    return ", ".join(map(short_params, differences))


def _settings(params: str) -> dict[str, str]:
    parts = (part.partition("=") for part in _BETWEEN_PARAMS.split(params))
    return {key: value for key, equals, value in parts if equals}


def sets_in_words(sets: BestSets) -> Iterator[str]:
    """Yield a sentence on the candidates that may be the best, if there are others now."""
    parts = [f"May be the best: {sets.old} before, {sets.new} now"]
    for what, names in (("no longer", sets.left), ("newly", sets.joined)):
        if any(len(_settings(name)) > MOST for name in names):
            parts.append(f"{what} {len(names)} that both have")  # their settings would fill a paragraph
        elif names:
            parts.append(f"{what} {first_of(list(map(short_params, names)), MOST, '; ')}")
    if sets.old != sets.new or len(parts) > 1:
        yield ", ".join(parts) + "."
