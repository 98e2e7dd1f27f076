"""What the blocks of README.md say, from params.yaml and metrics/, and where they stand.

A block stands between two comments, which a reader of the page does not see::

    <!-- make docs: answer -->
    <!-- make docs: end -->
"""

import re
import textwrap
from collections.abc import Callable, Collection, Mapping

from stages.lib.best_params.leaderboard import read_searches
from stages.lib.common import UserError, join_words
from stages.lib.common.tables import code
from stages.lib.config import SIMPLEST, Params
from stages.lib.results import Results, files
from stages.lib.told.answer import gained
from stages.lib.told.evaluation import paragraphs
from stages.lib.told.printed import leaderboard

_WIDTH = 120
_CHART = "metrics/charts/leaderboard.svg"

_END = "end"
_MARKER = re.compile(r"^<!-- *make docs\b:? *(.*?) *(?:-->)?[ \t\r]*$", re.MULTILINE)
_BLOCK = re.compile(
    r"^(<!-- make docs: (\w+) -->\n)(.*?)^(<!-- make docs: end -->)",
    re.MULTILINE | re.DOTALL,
)


def leaderboard_picture(results: Results, params: Params) -> str:
    """Return the chart of the leaderboard; raises `UserError` if it is missing."""
    if "<svg" not in (results.source.text(_CHART) or ""):
        raise results.source.refused(
            _CHART, "is missing, or is not a chart", "Run `dvc repro charts`."
        )
    interval = "" if params.cv.keeps_time else " with its 95 % interval"
    return f"![The best candidate of each experiment{interval}, by score]({_CHART})"


def answer(results: Results, params: Params) -> str:
    """Return what the evaluation answers, as a quotation."""
    return "\n>\n".join(
        _wrapped(each, "> ")
        for each in paragraphs(results, params, results.read(files.ANSWER))
    )


def comparison(results: Results, params: Params) -> str:
    """Say what tuning gained."""
    return _wrapped(gained(results.read(files.ANSWER)))


def searches(results: Results, params: Params) -> str:
    """Return a table of the searches, the best first; raises `UserError` if one of them has no results."""
    found = read_searches(results, params)
    columns, pick = leaderboard(params, found), params.statistics.pick
    columns[pick] = list(map(code, columns[pick]))
    rows = [[*columns], ["---"] * len(columns), *zip(*columns.values(), strict=True)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    cv = params.cv
    repeats = f"{cv.n_repeats} repeats of " if cv.n_repeats > 1 else ""
    splits = (
        f"{cv.n_splits} splits in the order of time"
        if cv.keeps_time
        else f"{repeats}{cv.n_splits} folds"
    )
    words = f"Each row is a search, the best first. `mean` is the {cv.scoring} of its best candidate over {splits}"
    if "corrected" in columns:
        words += (
            "; `corrected` is the same without the luck for which the candidate was chosen, with its 95 % interval; "
            "and `in the set` counts the candidates that may be the best"
        )
    if pick == SIMPLEST:
        words += (
            ". `simplest`, which goes on to the evaluation, is the simplest of these"
        )
    return f"{_wrapped(f'{words}.')}\n\n{table}"


def _wrapped(text: str, start: str = "") -> str:
    """Break a paragraph into lines that begin with `start`, between words."""
    wrapper = textwrap.TextWrapper(
        _WIDTH, start, start, break_long_words=False, break_on_hyphens=False
    )
    return wrapper.fill(text)


# What a block is made of, by its name.
CONTENTS: dict[str, Callable[[Results, Params], str]] = {
    "leaderboard": leaderboard_picture,
    "answer": answer,
    "searches": searches,
    "comparison": comparison,
}


def contents(params: Params, names: Collection[str]) -> dict[str, str]:
    """Return what the named blocks say; raises `UserError` if results are missing."""
    results = Results()
    return {
        name: make(results, params) for name, make in CONTENTS.items() if name in names
    }


def find_blocks(page: str, text: str) -> dict[str, str]:
    """Return the text of each block of a page, by its name.

    Raises `UserError` at a line that should be another marker than it is.
    """
    markers = [
        (text.count("\n", 0, found.start()) + 1, found[0], found[1])
        for found in _MARKER.finditer(text)
    ]
    blocks = {name: inside for _, name, inside, _ in _BLOCK.findall(text)}
    for i, (number, line, name) in enumerate(markers):
        is_open = i % 2 == 0
        follows = name in CONTENTS and len(markers) > i + 1 if is_open else name == _END
        if not follows or line.rstrip() != f"<!-- make docs: {name} -->":
            raise UserError(
                f"{page}: line {number} is not in order: {line.strip()}. A block begins with the line `<!-- make docs: "
                f"NAME -->`, where NAME is {join_words([*CONTENTS], 'or')}, and ends with `<!-- make docs: {_END} -->`."
            )
    return blocks


def replace_blocks(text: str, contents: Mapping[str, str]) -> str:
    """Return the page with the contents of its blocks by their names, each between empty lines."""
    return _BLOCK.sub(
        lambda block: f"{block[1]}\n{contents[block[2]]}\n\n{block[4]}", text
    )
