"""Stage `charts`: draws every plot as SVG.

A chart that was drawn from the same spec by the same code, and that nobody has edited, stays as it is. Without
metrics/charts/drawn.json, which `gridstage rerun` deletes, all are drawn.
"""

from gridstage.common import run
from gridstage.config import load_params
from gridstage.report import chart_specs, draw_charts
from gridstage.results import files, remove_others, write


def main() -> None:
    specs, folder = chart_specs(load_params()), files.CHARTS
    write(files.DRAWN, draw_charts(specs))
    # Others are such as the charts of an experiment that is gone.
    drawn = [f"{folder}/{name}.svg" for name in specs]
    remove_others(folder, [files.DRAWN.path, *drawn])
    print(f"{len(specs)} charts in {folder}: {', '.join(sorted(specs))}")


if __name__ == "__main__":
    run(main)
