"""Says what changed in a search: which settings it picks before and after, and what their scores differ by."""

from collections.abc import Iterator
from math import isnan, nan

from gridstage.common import (
    counted,
    first_of,
    format_interval,
    format_p,
    format_params,
    format_score,
    format_value,
    score_decimals,
    shares_in_words,
    short_key,
    short_params,
)
from gridstage.diff.comparison import SearchChange
from gridstage.diff.side import Scored
from resampled.pairs.apart import Apart
from resampled.pairs.family import UNCHANGED, UNTESTED, Verdict
from resampled.pairs.pair import FEWEST_SPLITS, Pair

# Of the cells of a `row`.
HEADINGS = ("search", "pick", "before", "now", "difference", "verdict")

# The most settings or names that a sentence lists.
MOST = 3
_SAME_PICK = "the same pick"
# Of a setting that a pick does not change.
_UNCHANGED = "as in params.yaml"


def pick(search: SearchChange) -> str:
    """Say what a search picks before and after: the settings that differ."""
    before, after = search.picks
    if before is None or after is None:
        known = after or before
        return short_params(format_params(known)) if known else "no pick"
    differences = []
    for key in before | after:
        one, two = before.get(key, _UNCHANGED), after.get(key, _UNCHANGED)
        if one != two:
            change = f"{format_value(one)} → {format_value(two)}"
            differences.append(f"{short_key(key)}={change}")
    return first_of(differences, MOST) or _SAME_PICK


def search_in_words(search: SearchChange) -> str:
    """Say how the pick of a search scores before and after: side by side, if it is not on the same splits."""
    picked = f"{search.name}, {pick(search)}"
    of = search.verdict.of if search.verdict else None
    if isinstance(of, Pair):
        return f"{picked} scores the same" if of.is_same else f"{picked}, {amount(of)}"
    before, after = values(search)
    return f"{picked}: {before} before, {after} now, {signed(of) if of else 'not compared'}"


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
    if others is None:
        return counts
    return f"{counts}, without these splits {signed(others)}"


def signed(of: Pair | Apart) -> str:
    """Write a difference, with its interval if it has one."""
    decimals = score_decimals(of.means)
    difference = format_score(of.difference, decimals, "+").replace("-", "−")
    if not of.is_tested:
        return difference
    return f"{difference} ± {format_score(of.half_width(), decimals)}"


def values(search: SearchChange) -> list[str]:
    """Write the score of the pick on each side, with its interval."""

    def value(scored: Scored | None) -> str:
        if scored is None:
            return "no score on fresh splits"
        half = scored.ci95 if len(scored.scores) >= FEWEST_SPLITS else nan
        return format_interval(scored.mean, half, score_decimals([scored.mean]))

    return [value(search.old), value(search.new)]


def compared(p: float) -> str:
    """Write a p-value behind `p`."""
    written = format_p(p)
    return written if written.startswith("<") else f"= {written}"


def verdict_in_words(verdict: Verdict) -> str:
    """Write a verdict, with the p-value of one that claims something."""
    if not verdict.claims:
        return verdict.word
    side = ""
    if isinstance(verdict.of, Apart):
        side = "higher by " if verdict.of.difference > 0 else "lower by "
    return f"{side}{verdict.word} (p {compared(verdict.p)})"


def row(search: SearchChange) -> list[str]:
    """Return a search as cells: its name, what it picks, its score before and now, the difference, and the verdict."""
    difference, word = "not compared", "–"
    if search.verdict:
        of, word = search.verdict.of, search.verdict.word
        more = ", not in pairs" if isinstance(of, Apart) else stuck(of)
        difference = f"{signed(of)}{more}"
    return [search.name, pick(search), *values(search), difference, word]


def details(search: SearchChange) -> Iterator[str]:
    """Yield what else changed in a search, a sentence each."""
    if search.verdict:
        yield from _tested(search.verdict)
    if search.second and search.second.word != UNCHANGED:
        yield f"{search.new and search.new.second_name}: {signed(search.second.of)}, {verdict_in_words(search.second)}."
    if search.common and search.common.n_differing:
        shared = counted(len(search.common.pairs), "candidate")
        gain = f"{signed(search.common.mean)} on average over all"
        yield f"Of {shared} that both have, {search.common.n_differing} score otherwise: {gain}."


def _tested(verdict: Verdict) -> Iterator[str]:
    """Yield what the verdict rests on."""
    of = verdict.of
    if verdict.word in (UNCHANGED, UNTESTED):
        return
    p, adjusted = format_p(of.p_value), format_p(verdict.p)
    # A p-value that is small by itself decides nothing among many.
    tested = f"p {compared(of.p_value)}" + (
        f" (Holm {adjusted})" if adjusted != p else ""
    )
    if isinstance(of, Pair):
        side = "better" if of.difference > 0 else "worse"
        shares = dict.fromkeys(("better", "worse", "equal"), 0.0) | {
            side: of.share_beyond
        }
        tested += f"; {shares_in_words(shares, f'{of.rope:g}')[0]}"
    yield f"{tested}."
