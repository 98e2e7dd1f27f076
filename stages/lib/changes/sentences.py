"""Says in sentences what changed between two commits, and whether it is more than chance."""

from collections import Counter
from collections.abc import Iterator
from math import isnan

from stages.lib.changes.comparison import Comparison, SearchChange
from stages.lib.changes.origins import edited_results, stale_params
from stages.lib.changes.picks import MOST, pick, sets_in_words
from stages.lib.changes.verdict import UNCHANGED, UNTESTED, Pair
from stages.lib.common import (
    counted,
    first_of,
    format_interval,
    format_p,
    format_score,
    format_value,
    score_decimals,
    shares_in_words,
)

# Of the cells of a `row`.
HEADINGS = ("search", "pick", "before", "now", "difference", "verdict")


def headline(changes: Comparison) -> str:
    """Return the verdict: whether what changed is an improvement, what to use, and whether a run is missing."""
    sentences = [f"{_verdict(changes)}.", _use(changes)]
    for side in (changes.old, changes.new):
        if keys := stale_params(side):
            difference = f"params.yaml of {side.snapshot.name} differs from what its results are from"
            sentences.append(f"Not rerun: {difference} ({first_of(keys, MOST)}); run `dvc repro`.")
        if paths := edited_results(side):
            sentences.append(f"Edited since their stages wrote them: {first_of(paths, MOST)}; run `dvc repro`.")
    return " ".join(sentences)


def _verdict(changes: Comparison) -> str:
    if changes.hindrances:
        return f"Not in pairs: {'; '.join(changes.hindrances)}"
    before, after, word = changes.old.kept, changes.new.kept, changes.kept_word
    kept = f"the kept net, {before}" + ("" if before == after else f" → {after}")
    if changes.kept and word != UNCHANGED:
        return f"{word.capitalize()}: {kept}, {_difference(changes.kept)}"
    judged = [search for search in changes.changed if search.word]
    verdict = _several(changes)
    if len(judged) == 1:
        verdict = f"{judged[0].word.capitalize()}: {search_in_words(judged[0])}"
    said = changes.changed and [search.name for search in judged] != [after]
    if word == UNCHANGED and (before != after or said):
        return f"{verdict}; {kept}, {'is unchanged' if before == after else 'scores the same'}"
    return verdict


def _several(changes: Comparison) -> str:
    if not (changes.changed or changes.unchanged):
        return "No search is in both"
    if not changes.changed and changes.others:
        score = "scores" if len(changes.others) == 1 else "score"
        return f"No search changed, but {first_of(list(changes.others), MOST)} {score} otherwise"
    if not changes.changed:
        return f"Unchanged: all scores{' that both have' if changes.added or changes.removed else ''} are the same"
    counts = Counter(search.word for search in changes.changed if search.word)
    # What changed in these are other candidates.
    unchanged = "whose pick scores the same" if counts[UNCHANGED] == 1 else "whose picks score the same"
    words = ", ".join(f"{n} {unchanged if word == UNCHANGED else word}" for word, n in counts.items())
    return f"{counted(len(changes.changed), 'search', 'searches')} changed" + (f": {words}" if words else "")


def _use(changes: Comparison) -> str:
    before, after = changes.old.use, changes.new.use
    if not before or not after:
        lacking = " and ".join(side.snapshot.name for side in (changes.old, changes.new) if not side.use)
        return f"There is no answer to what to use in {lacking}."
    if before == after:
        return f"Use {after}, as before."
    return f"Use {after}, before {before}; this is not tested, because the answer is chosen on these very splits."


def search_in_words(search: SearchChange) -> str:
    """Say how the pick of a search scores before and after, on the same splits, or side by side if they differ."""
    picked = f"{search.name}, {pick(search.old, search.new)}"
    if search.pair is None:
        before, after = _values(search)
        return f"{picked}: {before} before, {after} now, not in pairs"
    return f"{picked} scores the same" if search.pair.is_same else f"{picked}, {_difference(search.pair)}"


def row(search: SearchChange) -> list[str]:
    """Return a search as cells: its name, what it picks, its score before and now, the difference, and the verdict."""
    difference = _signed(search.pair) + _stuck(search.pair) if search.pair else "not in pairs"
    return [search.name, pick(search.old, search.new), *_values(search), difference, search.word or "–"]


def details(search: SearchChange) -> Iterator[str]:
    """Yield what else changed in a search, a sentence each."""
    if search.pair and search.word not in (UNCHANGED, UNTESTED):
        p, adjusted = format_p(search.pair.p_value), format_p(search.p_holm)
        side = "better" if search.pair.difference > 0 else "worse"
        shares = dict.fromkeys(("better", "worse", "equal"), 0.0) | {side: search.pair.share_beyond}
        # A p-value that is small by itself decides nothing among many.
        holm = f" (Holm {adjusted})" if adjusted != p else ""
        yield f"p {_compared(p)}{holm}; {shares_in_words(shares, f'{search.pair.rope:g}')[0]}."
    if search.n_added or search.n_removed:
        yield f"Candidates: {search.n_added} added, {search.n_removed} removed."
    if search.common:
        shared, differing, pair = search.common
        candidates = f"Of {counted(shared, 'candidate')} that both have, {differing} score otherwise"
        yield f"{candidates}: {_signed(pair)} on average over them."
    if search.best_sets:
        yield from sets_in_words(search.best_sets)


def others_told(changes: Comparison) -> list[str]:
    """Say which searches did not change, what else scores otherwise, and which searches only one side has."""
    others = []
    for name, pair in changes.others.items():
        decimals = score_decimals(pair.means)
        others.append(f"{name} " + " → ".join(format_score(mean, decimals) for mean in pair.means))
    lists = {
        f"{counted(len(changes.unchanged), 'search', 'searches')} unchanged": changes.unchanged,
        "Other contenders on the fresh splits, not tested": others,
        "Added": changes.added,
        "Removed": changes.removed,
    }
    return [f"{what}: {', '.join(names)}." for what, names in lists.items() if names]


def causes_told(changes: Comparison) -> list[str]:
    """Say what caused the changes, by dvc.lock, a line each."""
    params, code, data, packages = changes.causes
    return [
        *(f"{each.key}: {format_value(each.old)} → {format_value(each.new)}" for each in params),
        *(f"data: {path} has other bytes" for path in data),
        *(f"package: {line}" for line in packages),
        *(f"code: {path} ({counted(len(stages), 'stage')})" for path, stages in code.items()),
    ]


def _difference(pair: Pair) -> str:
    """Write the difference of a pair with its interval, and what stuck fits have to do with it."""
    splits = f"the same {pair.n_splits} fresh splits" if pair.is_tested else "the splits"
    if isnan(pair.difference):
        return f"a net diverged on some of {splits}"
    return f"{_signed(pair)} on {splits}{_stuck(pair)}"


def _stuck(pair: Pair) -> str:
    if not pair.any_stuck:
        return ""
    before, after = int(pair.old_stuck.sum()), int(pair.new_stuck.sum())
    # In the order of time, nothing is tested.
    tested = f" (p {_compared(format_p(pair.p_stuck()))})" if pair.is_tested else ""
    stuck = f"; {after} of {pair.n_splits} fits {'is' if after == 1 else 'are'} stuck, before {before}{tested}"
    others = pair.without_stuck()
    return stuck if others is None else f"{stuck}, without these splits {_signed(others)}"


def _signed(pair: Pair) -> str:
    decimals = score_decimals(pair.means)
    signed = format_score(pair.difference, decimals, "+").replace("-", "−")
    return f"{signed} ± {format_score(pair.half_width(), decimals)}" if pair.is_tested else signed


def _values(search: SearchChange) -> list[str]:
    sides = (search.old, search.new)
    # Two that are in pairs are in one unit; of others, one may be in thousands and the other a share.
    shared = score_decimals(side.mean for side in sides if side)
    return [
        format_interval(side.mean, side.ci95, shared if search.pair else score_decimals([side.mean]))
        if side
        else "no score on fresh splits"
        for side in sides
    ]


def _compared(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"
