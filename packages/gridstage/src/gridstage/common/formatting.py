"""Formats settings as params.yaml writes them, and scores and comparisons as the screen and the report show them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gridstage.common.artifacts import significant

# The text of a missing number.
_NONE = "–"

# Below this, a p-value is shown as a bound: rounding would show 0.
_SMALLEST_P = 0.0001

# The shares of the Bayesian test below this are left out of a sentence.
_SMALLEST_SHARE = 0.05
_RELATIONS = "better", "worse", "equal"


def format_value(value: Any) -> str:
    """Write a setting as params.yaml does: `0.1`, `true`, `null`, `Adamax`, `[0.9, 0.999]`, `{patience: 10}`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {format_value(item)}' for key, item in value.items())}}}"
    return str(value)


def format_params(params: dict[str, Any]) -> str:
    """Write settings as one string, such as `"batch_size=20, max_epochs=100"`."""
    return ", ".join(f"{key}={format_value(value)}" for key, value in params.items())


def short_key(key: str) -> str:
    """Remove prefixes such as `module__` from a key, as charts do; a callback's parameter keeps the callback's name."""
    return re.sub(r"^callbacks__(.+?)__", r"\1 ", key).rpartition("__")[2]


def short_params(text: str) -> str:
    """Remove prefixes such as `module__` from the output of `format_params`, as charts do; see `short_key`."""
    return re.sub(
        r"(?:(?<=^)|(?<=, ))[^ ,=]+(?==)", lambda key: short_key(key[0]), text
    )


def format_changes(settings: dict[str, Any], model: dict[str, Any]) -> str:
    """Write the settings that differ from `model`, as `format_params` does."""
    changes = {
        key: value
        for key, value in settings.items()
        if key not in model or model[key] != value
    }
    return format_params(changes)


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Write words as `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    *before, end = words
    return f"{', '.join(before)} {last} {end}"


def first_of(words: Sequence[str], most: int, sign: str = ", ") -> str:
    """List a few words, and say how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return sign.join(words[:most]) + more


def counted(n: int, one: str, many: str = "") -> str:
    """Write how many things there are.

    Parameters
    ----------
    n : int
        How many.
    one : str
        What one is called.
    many : str, optional
        What several are called, if that is more than an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "row"), counted(1234, "row"), counted(2, "class", "classes")
    ('1 row', '1,234 rows', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def score_decimals(scores: Iterable[float]) -> int:
    """Return how many decimals show all scores of a table: 4, fewer for scores in the thousands, more for tiny ones."""
    largest = max((abs(score) for score in scores if math.isfinite(score)), default=1.0)
    if 0 < largest < 0.001:
        return 3 - math.floor(math.log10(largest))
    for bound, decimals in ((0.01, 6), (1000, 4), (100_000, 2)):
        if largest < bound:
            return decimals
    return 0


def format_score(score: float, decimals: int, sign: str = "") -> str:
    """Write a score, or with the sign `+` a difference, rounded as in the files that the report reads; "–" for NaN."""
    return _NONE if math.isnan(score) else f"{significant(score):{sign}z,.{decimals}f}"


def format_interval(score: float, half: float, decimals: int) -> str:
    """Write a score and half the width of its interval, such as `0.7500 ± 0.0300`; the score alone if that is NaN.

    NaN is `no score`.
    """
    if math.isnan(score):
        return "no score"
    text = format_score(score, decimals)
    return text if math.isnan(half) else f"{text} ± {format_score(half, decimals)}"


def format_p(p: float) -> str:
    """Write a p-value with four decimals, `< 0.0001` if it is smaller, and a dash for NaN."""
    if math.isnan(p):
        return _NONE
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{significant(p):.4f}"


def shares_in_words(shares: Mapping[str, float], rope: str) -> list[str]:
    """Say how a setting compares with another, such as "a 93 % chance that the two differ by less than 0.01".

    `shares` are the probabilities `worse`, `equal` and `better` of the Bayesian test, and `rope` is its region of
    practical equivalence, with its unit. The largest share comes first, and others below 0.05 are left out.
    """
    sentences: list[str] = []
    ranked = sorted(((shares[key], key) for key in _RELATIONS), reverse=True)
    for share, key in ranked:
        if sentences and share < _SMALLEST_SHARE:
            break
        percent = round(100 * share)
        article = "an" if percent in {8, 11, 18, *range(80, 90)} else "a"
        chance = f"{article} {percent} % chance"
        if share > 0.995:  # 100 % would be a certainty that no test gives
            chance = "a chance of over 99 %"
        region = "" if sentences else f" than {rope}"  # whatever comes first names it
        relation = f"it is {key} by more{region}"
        if key == "equal":
            relation = f"the two differ by less than {rope}"
        sentences.append(f"{chance} that {relation}")
    return sentences


def net_in_words(name: str) -> str:
    """Return what a net is called in sentences: `the net joint`; one that is named `net` is `the net`."""
    return "the net" if name == "net" else f"the net {name}"


def kept_in_words(name: str, comma: str = "") -> str:
    """Return what the kept net is called in sentences: `the kept net, joint`, with a comma where a clause goes on."""
    return "the kept net" if name == "net" else f"the kept net, {name}{comma}"
