"""Writes the page that GitHub shows when one opens metrics/: the answer, the searches, and the charts."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from gridstage.best_params.leaderboard import read_searches
from gridstage.config import SIMPLEST, Params
from gridstage.results import Results, files
from gridstage.told.answer import gained
from gridstage.told.evaluation import paragraphs
from gridstage.told.printed import leaderboard
from gridstage.told.tables import TextTable, code

# The charts of all searches and of the evaluation, in the order of the page, by what they show.
_CHARTS = {
    "leaderboard": "The best candidate of each search",
    "evaluation": "The contenders on new splits",
    "answer_diagnostics": "Predictions of the answer",
    "diagnostics": "Predictions of the kept net",
    "thresholds": "What a threshold gives",
    "inputs": "What each input is worth",
}
# What a search's charts show, by the folder that they are in; another folder is called by its name.
_OF_SEARCHES = {
    "": "candidates",
    "importance": "what mattered",
}
_START = (
    "The stage `results` writes this page from the files in this folder. docs/statistics.md, of the documentation of "
    "gridstage, explains each figure."
)


def results_page(results: Results, params: Params, charts: Mapping[str, str]) -> str:
    """Return the page that GitHub shows when one opens metrics/, in Markdown.

    Parameters
    ----------
    results : Results
        Where the answer and the searches are read.
    params : Params
        What params.yaml says.
    charts : mapping of str to str
        The paths of the charts, by names such as `curves/lr`.

    Returns
    -------
    str

    Raises
    ------
    UserError
        If a result is missing or broken.

    Examples
    --------
    >>> page = results_page(results, params, results.source.files(files.CHARTS, ".svg"))
    >>> page.splitlines()[0], "![What each input is worth](charts/inputs.svg)" in page
    ('# Results', True)
    """
    folder, links = files.PAGE.parent, dict[str, str]()
    for name, path in charts.items():
        links[name] = str(PurePosixPath(path).relative_to(folder))
    pictures = [
        f"## {title}\n\n![{title}]({links[name]})"
        for name, title in _CHARTS.items()
        if name in links
    ]
    answer = results.read(files.ANSWER)
    said = paragraphs(results, params, answer)
    columns = leaderboard(params, read_searches(results, params))
    parts = [
        "# Results",
        "\n>\n".join(f"> {each}" for each in said),
        gained(answer),
        _START,
        "## The searches",
        _about_columns(params, [*columns]),
        _searches(params, columns, links),
        *pictures,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about_columns(params: Params, columns: Sequence[str]) -> str:
    """Say what is in the columns of the table of searches."""
    cv = params.cv
    repeats = f"{cv.n_repeats} repeats of " if cv.n_repeats > 1 else ""
    splits = f"{repeats}{cv.n_splits} folds"
    if cv.keeps_time:
        splits = f"{cv.n_splits} splits in the order of time"
    sentences = [
        "Each row is a search, the best first.",
        f"`mean` is the {cv.scoring} of its best candidate over {splits}.",
    ]
    if "corrected" in columns:
        sentences += [
            "`corrected` is the same without the luck for which the candidate was chosen, with its 95 % interval.",
            "`in the set` counts the candidates that may be the best.",
        ]
    if params.statistics.pick == SIMPLEST:
        sentences.append(
            "`simplest`, which goes on to the evaluation, is the simplest of these."
        )
    return " ".join(sentences)


def _searches(
    params: Params, columns: Mapping[str, Sequence[str]], charts: Mapping[str, str]
) -> str:
    """Return the table of searches, with links to the charts of each."""
    pick = params.statistics.pick
    best = [code(each) for each in columns[pick]]
    links = [_links(name, charts) for name in columns["experiment"]]
    shown = {**columns, pick: best, "charts": links}
    return TextTable.of_columns(shown).markdown()


def _links(experiment: str, charts: Mapping[str, str]) -> str:
    links = {}
    for name, path in charts.items():
        folder, _, last = name.rpartition("/")
        if last == experiment:
            links[folder] = f"[{_OF_SEARCHES.get(folder, folder)}]({path})"
    return ", ".join(links[folder] for folder in sorted(links))
