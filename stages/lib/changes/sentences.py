"""Says in sentences what changed between two commits, and whether it is more than chance."""

from collections import Counter
from collections.abc import Iterator

from stages.lib.changes.comparison import KEPT, Comparison, SearchChange
from stages.lib.changes.picks import pick, told_sets
from stages.lib.changes.results import Results, Scored
from stages.lib.changes.stale import stale_params
from stages.lib.changes.verdict import UNCHANGED, UNTESTED, Pair
from stages.lib.common import format_p, format_score, format_value, score_decimals

# The most names that a sentence lists.
_MOST = 3


def headline(found: Comparison) -> str:
    """Return the verdict: whether what changed is an improvement, what to use, and whether a run is missing."""
    return " ".join([_verdict(found), *_not_rerun(found.old), *_not_rerun(found.new)])


def _not_rerun(side: Results) -> list[str]:
    keys = stale_params(side)
    told = f"Not rerun: params.yaml of {side.snapshot.name} differs from what its results are from"
    return [f"{told} ({_listed(keys)}); run `dvc repro`."] if keys else []


def _verdict(found: Comparison) -> str:
    if found.hindrances:
        return f"Not in pairs: {'; '.join(found.hindrances)}. {_use(found)}"
    kept = found.kept_word
    if kept not in (None, UNCHANGED):
        told = f"{_capital(str(kept))}: {_kept(found)}, {difference(found.pairs[KEPT])}"
    else:
        judged = [search for search in found.changed if search.name in found.words]
        one = judged[0] if len(judged) == 1 else None
        told = f"{_capital(found.words[one.name])}: {search_told(one)}" if one else _several(found)
        renamed = found.old.kept != found.new.kept
        if kept == UNCHANGED and (renamed or (found.changed and not (one and one.name == found.new.kept))):
            told += f"; {_kept(found)}, {'scores the same' if renamed else 'is unchanged'}"
    return f"{told}. {_use(found)}"


def _several(found: Comparison) -> str:
    if not (found.changed or found.unchanged):
        return "No search is in both"
    if not found.changed and found.others:
        names, score = list(found.others), "scores" if len(found.others) == 1 else "score"
        return f"No search changed, but {_listed(names)} {score} otherwise"
    if not found.changed:
        return f"Unchanged: all scores{' that both have' if found.added or found.removed else ''} are the same"
    counts = Counter(found.words[search.name] for search in found.changed if search.name in found.words)
    # It is the candidates of these that changed.
    same = {1: "1 whose pick scores the same"}.get(counts[UNCHANGED], f"{counts[UNCHANGED]} whose picks score the same")
    told = ", ".join(same if word == UNCHANGED else f"{n} {word}" for word, n in counts.items())
    return f"{_counted(len(found.changed), 'search', 'searches')} changed" + (f": {told}" if told else "")


def _use(found: Comparison) -> str:
    before, after = (side.use for side in (found.old, found.new))
    if not before or not after:
        lacking = " and ".join(side.snapshot.name for side in (found.old, found.new) if not side.use)
        return f"There is no answer to what to use in {lacking}."
    if before == after:
        return f"Use {after}, as before."
    return f"Use {after}, before {before}; this is not tested, because the answer is chosen on these very splits."


def _kept(found: Comparison) -> str:
    before, after = found.old.kept, found.new.kept
    return f"the kept net, {before}" + ("" if before == after else f" → {after}")


def search_told(search: SearchChange) -> str:
    """Say how the pick of a search scores before and after, on the same splits, or side by side if they differ."""
    picked = f"{search.name}, {pick(search.old, search.new)}"
    if search.pair is None:
        before, after = _values(search)
        return f"{picked}: {before} before, {after} now, not in pairs"
    if search.pair.is_same:
        return f"{picked} scores the same"
    return f"{picked}, {difference(search.pair)}"


def row(search: SearchChange, found: Comparison) -> list[str]:
    """Return a search as cells: its name, what it picks, its score before and now, the difference, and the verdict."""
    told = _signed(search.pair) + _stuck(search.pair) if search.pair else "not in pairs"
    word = found.words.get(search.name, "–")
    return [search.name, pick(search.old, search.new), *_values(search), told, word]


def difference(pair: Pair) -> str:
    """Write the difference of a pair with its interval, and what stuck fits have to do with it."""
    splits = "the splits" if pair.error != pair.error else f"the same {pair.n_splits} fresh splits"
    told = f"{_signed(pair)} on {splits}"
    if pair.difference != pair.difference:
        return f"a net diverged on some of {splits}"
    return told + _stuck(pair)


def _stuck(pair: Pair) -> str:
    if not pair.any_stuck:
        return ""
    before, after = int(pair.old_stuck.sum()), int(pair.new_stuck.sum())
    # In the order of time, nothing is tested.
    tested = f" (p {_p(pair.p_stuck())})" if pair.error == pair.error else ""
    told = f"; {after} of {pair.n_splits} fits {'is' if after == 1 else 'are'} stuck, before {before}{tested}"
    others = pair.without_stuck()
    return told + ("" if others is None else f", without these splits {_signed(others)}")


def _signed(pair: Pair) -> str:
    decimals = score_decimals(_means(pair))
    half = pair.half_width()
    told = format_score(pair.difference, decimals, "+").replace("-", "−")
    return told + (f" ± {format_score(half, decimals)}" if half == half else "")


def _p(p: float) -> str:
    text = format_p(p)
    return text if text.startswith("<") else f"= {text}"


def _share(share: float) -> str:
    # 1.00 would be a certainty that no test gives.
    return "over 0.99" if share > 0.995 else f"{share:.2f}"


def details(search: SearchChange, found: Comparison) -> Iterator[str]:
    """Yield what else changed in a search, a sentence each."""
    if search.pair and search.name in found.words and found.words[search.name] not in (UNCHANGED, UNTESTED):
        p, share, adjusted = search.pair.p_value, search.pair.share_beyond, found.adjusted[search.name]
        # One that is small by itself decides nothing among many.
        told = f"p {_p(p)}" + (f" (Holm {format_p(adjusted)})" if format_p(adjusted) != format_p(p) else "")
        side = "better" if search.pair.difference > 0 else "worse"
        yield f"{told}; {_share(share)} that it is {side} by more than {found.new.rope:g}."
    if search.n_added or search.n_removed:
        yield f"Candidates: {search.n_added} added, {search.n_removed} removed."
    if search.common:
        shared, differing, pair = search.common
        yield (
            f"Of {_counted(shared, 'candidate', 'candidates')} that both have, {differing} score otherwise: "
            f"{_signed(pair)} on average over them."
        )
    if search.best_sets:
        yield from told_sets(search.best_sets)


def _values(search: SearchChange) -> list[str]:
    sides = (search.old, search.new)
    # Two that are in pairs are in one unit; of others, one may be in thousands and the other a share.
    shared = score_decimals(side.mean for side in sides if side)
    return [_value(side, shared if search.pair or side is None else score_decimals([side.mean])) for side in sides]


def _value(side: Scored | None, decimals: int) -> str:
    if side is None:
        return "no score on fresh splits"
    if side.mean != side.mean:
        return "no score"
    half = f" ± {format_score(side.ci95, decimals)}" if side.ci95 == side.ci95 else ""
    return format_score(side.mean, decimals) + half


def causes_told(found: Comparison) -> list[str]:
    """Say what caused the changes, by dvc.lock, a line each."""
    params, code, data, packages = found.causes
    told = [f"{each.key}: {format_value(each.old)} → {format_value(each.new)}" for each in params]
    told += [f"data: {path} has other bytes" for path in data]
    told += [f"package: {line}" for line in packages]
    return told + [f"code: {path} ({_counted(len(stages), 'stage', 'stages')})" for path, stages in code.items()]


def others_told(found: Comparison) -> list[str]:
    """Say which searches did not change, what else scores otherwise, and which searches only one side has."""
    same = found.unchanged
    told = [f"{_counted(len(same), 'search', 'searches')} unchanged: {', '.join(same)}."] if same else []
    others = [f"{name} {_before_and_now(pair)}" for name, pair in found.others.items()]
    told += [f"Other contenders on the fresh splits, not tested: {', '.join(others)}."] if others else []
    told += [f"Added: {', '.join(found.added)}."] if found.added else []
    return told + ([f"Removed: {', '.join(found.removed)}."] if found.removed else [])


def _means(pair: Pair) -> list[float]:
    return [float(scores.mean()) for scores in (pair.old, pair.new)]


def _before_and_now(pair: Pair) -> str:
    means = _means(pair)
    return " → ".join(format_score(mean, score_decimals(means)) for mean in means)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
