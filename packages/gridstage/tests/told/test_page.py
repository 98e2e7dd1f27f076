"""The page of results says what is in metrics/, or a sentence says why not."""

from functools import partial
from pathlib import Path

import pytest

from gridstage.best_params.leaderboard import read_searches
from gridstage.common import format_params, short_params, write_text
from gridstage.config import load_params
from gridstage.results import Results, files
from gridstage.told.answer import gained
from gridstage.told.evaluation import paragraphs
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import Project, text_of
from stages import results as stage

# A chart of all searches, those of one of them, and one of a kind that the page does not know.
CHARTS = ("inputs", "leaderboard", "neurons", "curves/neurons", "other/neurons")


@pytest.fixture
def results(here: Path, in_process: Command) -> Command:
    """Return a function that runs the stage on the results of the sample, with a few charts."""
    Project.copied(here)
    for name in CHARTS:
        write_text(here / f"metrics/charts/{name}.svg", "<svg/>")
    return partial(in_process, stage)


def test_the_page_says_what_is_in_metrics(results: Command) -> None:
    results().succeeded()
    page = text_of(files.PAGE)
    params, answer = load_params(), Results().read(files.ANSWER)
    told = paragraphs(Results(), params, answer)
    assert page.startswith("# Results\n\n" + "\n>\n".join(f"> {each}" for each in told))
    assert f"\n\n{gained(answer)}\n\n" in page

    found = read_searches(Results(), params)
    ranked = sorted(found, key=lambda name: -found[name].rating)
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    assert [row.split()[1] for row in rows] == ranked
    search, row = found["neurons"], rows[ranked.index("neurons")]
    assert search.corrected
    worth, low, high = (f"{each:.4f}" for each in search.corrected)
    best = short_params(format_params(search.best_params))
    cells = (
        "neurons",
        search.n_candidates,
        f"{search.best_score:.4f}",
        worth,
        f"{low} to {high}",
        search.n_in_best_set,
        f"`{best}`",
        "[candidates](charts/neurons.svg), [curves](charts/curves/neurons.svg), [other](charts/other/neurons.svg)",
    )
    assert row == f"| {' | '.join(map(str, cells))} |"
    assert page.index("](charts/leaderboard.svg)") < page.index("](charts/inputs.svg)")
    before = files.PAGE.read_bytes()
    assert results().returncode == 0
    assert files.PAGE.read_bytes() == before


def test_in_the_order_of_time_nothing_is_corrected(
    results: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = load_params()
    cv = params.cv.model_copy(update={"splitter": "time", "n_repeats": 1})
    pick = params.statistics.model_copy(update={"pick": "simplest"})
    update = {"cv": cv, "statistics": pick}
    monkeypatch.setattr(stage, "load_params", lambda: params.model_copy(update=update))
    assert results().returncode == 0
    page = text_of(files.PAGE)
    assert "over 3 splits in the order of time. " in page
    assert "is the simplest of these." in page


def test_results_that_are_missing_or_of_other_experiments_are_refused(
    results: Command,
) -> None:
    summary = Path("metrics/search/neurons/summary.json")
    content = text_of(summary)
    summary.unlink()
    told = f"error: {summary} is missing. Run `dvc repro search@neurons`.\n"
    assert results().stderr == told
    write_text(summary, "{}")
    assert results().stderr.startswith(f"error: {summary} is not ")
    write_text(summary, content)
    compared = Path("metrics/compared/neurons.csv")
    text = text_of(compared)
    write_text(compared, text.replace("n_neurons=", "n_layers="))
    assert "Run `dvc repro compare@neurons`." in results().stderr
    assert not files.PAGE.exists()
