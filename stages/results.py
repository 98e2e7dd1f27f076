"""Stage `results`: writes metrics/README.md, which says what all other stages have found."""

from pathlib import PurePosixPath

from gridstage.best_params.leaderboard import read_searches
from gridstage.common import run, write_text
from gridstage.config import load_params
from gridstage.results import Results, files
from gridstage.told.answer import gained
from gridstage.told.evaluation import paragraphs
from gridstage.told.page import results_page


def main() -> None:
    params, results = load_params(), Results()
    answer = results.read(files.ANSWER)
    folder = files.PAGE.parent
    drawn = results.source.files(files.CHARTS, ".svg")
    charts = {
        name: str(PurePosixPath(path).relative_to(folder))
        for name, path in drawn.items()
    }
    page = results_page(
        params,
        paragraphs(results, params, answer),
        gained(answer),
        read_searches(results, params),
        charts,
    )
    write_text(files.PAGE, page)
    print(f"{files.PAGE}: the answer, the searches and {len(charts)} charts")


if __name__ == "__main__":
    run(main)
