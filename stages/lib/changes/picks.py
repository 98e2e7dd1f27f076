"""Says which settings a search picks before and after, and which candidates may no longer be the best, or newly may."""

import re
from collections.abc import Iterator

from stages.lib.changes.comparison import BestSets
from stages.lib.changes.results import Scored
from stages.lib.common import short_params

# The most settings or names that a sentence lists.
_MOST = 3
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
    if len(keys) > _MOST:
        return f"{len(keys)} settings of its pick"
    # A pick is told by what it changes in `model`.
    shown = {key: f"{before.get(key, _AS_MODEL)} → {after.get(key, _AS_MODEL)}" for key in keys}
    return ", ".join(short_params(f"{key}={value}") for key, value in shown.items())


def _settings(params: str) -> dict[str, str]:
    parts = (part.partition("=") for part in _BETWEEN_PARAMS.split(params))
    return {key: value for key, equals, value in parts if equals}


def told_sets(sets: BestSets) -> Iterator[str]:
    """Yield a sentence on the candidates that may be the best, if there are others now."""
    if sets.old == sets.new and not (sets.left or sets.joined):
        return
    told = [f"May be the best: {sets.old} before, {sets.new} now"]
    told += [_listed(what, names) for what, names in (("no longer", sets.left), ("newly", sets.joined)) if names]
    yield ", ".join(told) + "."


def _listed(what: str, names: list[str]) -> str:
    if any(len(_settings(name)) > _MOST for name in names):
        return f"{what} {len(names)} that both have"  # their settings would fill a paragraph
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{what} {'; '.join(map(short_params, names[:_MOST]))}{more}"
