"""Says in sentences what changed between two commits, search by search, and what else did."""

from collections.abc import Iterator

from resampled.means.ttest import ALPHA
from resampled.pairs.apart import Apart
from resampled.pairs.family import BETTER, LEVEL, RARE, UNCHANGED, UNDECIDED, UNTESTED, WORSE, Verdict
from resampled.pairs.pair import Pair
from stages.lib.changes.comparison import Comparison, SearchChange
from stages.lib.changes.picks import compared, pick, signed, stuck, values, verdict_in_words
from stages.lib.common import counted, format_p, format_score, format_value, score_decimals, shares_in_words
from stages.lib.comparison.findings import UNLESS

# Of the cells of a `row`.
HEADINGS = ("search", "pick", "before", "now", "difference", "verdict")


def row(search: SearchChange) -> list[str]:
    """Return a search as cells: its name, what it picks, its score before and now, the difference, and the verdict."""
    of, word = (search.verdict.of, search.verdict.word) if search.verdict else (None, "–")
    difference = f"{signed(of)}{', not in pairs' if isinstance(of, Apart) else stuck(of)}" if of else "not compared"
    return [search.name, pick(search), *values(search), difference, word]


def details(search: SearchChange) -> Iterator[str]:
    """Yield what else changed in a search, a sentence each."""
    if search.verdict:
        yield from _tested(search.verdict)
    if search.second and search.second.word != UNCHANGED:
        yield f"{search.new and search.new.second_name}: {signed(search.second.of)}, {verdict_in_words(search.second)}."
    if search.n_added or search.n_removed:
        yield f"Candidates: {search.n_added} added, {search.n_removed} removed."
    if search.common and search.common.n_differing:
        pairs, differing, diverged = search.common
        candidates = f"Of {counted(len(pairs), 'candidate')} that both have, {differing} score otherwise"
        left_out = f"; {diverged} more diverged" if diverged else ""
        yield f"{candidates}: {signed(search.common.mean)} on average over all{left_out}."
    before, now = search.n_in_set
    if before != now and None not in search.n_in_set:
        yield f"May be the best: {before} before, {now} now."


def _tested(verdict: Verdict) -> Iterator[str]:
    """Yield what the verdict rests on."""
    of = verdict.of
    if verdict.word in (UNCHANGED, UNTESTED):
        return
    p, adjusted = format_p(of.p_value), format_p(verdict.p)
    # A p-value that is small by itself decides nothing among many.
    tested = f"p {compared(of.p_value)}" + (f" (Holm {adjusted})" if adjusted != p else "")
    if isinstance(of, Pair):
        side = "better" if of.difference > 0 else "worse"
        shares = dict.fromkeys(("better", "worse", "equal"), 0.0) | {side: of.share_beyond}
        tested += f"; {shares_in_words(shares, f'{of.rope:g}')[0]}"
    yield f"{tested}."


def together_told(changes: Comparison) -> list[str]:
    """Say what several searches gain as one, on the candidates that both sides have and by their picks."""
    together, verdict = changes.together, changes.together_verdict
    if together is None or verdict is None:
        return []
    of = f"{together.n_searches} searches with {counted(together.n_candidates, 'candidate')} that both sides have"
    tested = f" (p {compared(verdict.p)})" if together.candidates.is_tested else ""
    candidates = f"{signed(together.candidates)}{tested} on average over the candidates"
    picks = f"{signed(together.picks)} over the picks on the fresh splits"
    # The candidates alone would say more than that.
    unsure = verdict.word == UNDECIDED and verdict.p < ALPHA
    why = ", because the picks, or the kept net, may not follow" if unsure else ""
    return [f"Together, {of}: {candidates}, {picks}: {verdict.word}{why}."]


def conditions_told(changes: Comparison) -> list[str]:
    """Say when what is claimed of pairs would not hold, which the scores can't tell; empty if nothing is claimed."""
    verdicts = [changes.kept, changes.second]
    verdicts += [verdict for search in changes.changed for verdict in (search.verdict, search.second)]
    n_splits = {verdict.word: verdict.of.n_splits for verdict in verdicts if verdict}
    sentences = []
    if words := [word for word in (BETTER, WORSE) if word in n_splits]:
        claim = f"{words[0].capitalize()} errs" if len(words) == 1 else "Better and worse err"
        sentences.append(f"{claim} in at most 5 % of cases, {UNLESS}.")
    if LEVEL in n_splits:
        sentences.append(f"Level errs in at most 5 % of cases, but {RARE.format(n_splits[LEVEL])}.")
    return [" ".join(sentences)] if sentences else []


def others_told(changes: Comparison) -> list[str]:
    """Say what all searches gain, when the verdicts would not hold, which did not change, and what else differs."""
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
    sentences = together_told(changes) + conditions_told(changes)
    return sentences + [f"{what}: {', '.join(names)}." for what, names in lists.items() if names]


def causes_told(changes: Comparison) -> list[str]:
    """Say what caused the changes, by dvc.lock, a line each."""
    params, code, data, packages = changes.causes
    return [
        *(f"{each.key}: {format_value(each.old)} → {format_value(each.new)}" for each in params),
        *(f"data: {path} has other bytes" for path in data),
        *(f"package: {line}" for line in packages),
        *(f"code: {path} ({counted(len(stages), 'stage')})" for path, stages in code.items()),
    ]
