"""Stage `charts`: draws every plot as SVG."""

from stages.lib.common import run, write_text
from stages.lib.config import load_params
from stages.lib.config.schema import unit_of_score
from stages.lib.report.charts import chart_of, read_specs, suited
from stages.lib.results import remove_others

FOLDER = "metrics/charts"


def main() -> None:
    unit = unit_of_score(load_params())
    specs = {f"{FOLDER}/{name}.svg": suited(spec, unit) for name, spec in read_specs().items()}
    drawn = {path: chart_of(spec, path) for path, spec in specs.items()}
    for path, chart in drawn.items():
        write_text(path, chart)
    remove_others(FOLDER, drawn)  # such as the charts of an experiment that is gone
    print(f"{len(drawn)} charts in {FOLDER}: {', '.join(sorted(path[len(FOLDER) + 1 : -4] for path in drawn))}")


if __name__ == "__main__":
    run(main)
