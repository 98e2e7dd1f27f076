"""Stage `charts`: draws every plot as SVG."""

from stages.lib.common import run, write_text
from stages.lib.config import load_params
from stages.lib.config.schema import unit_of_score
from stages.lib.report.charts import read_specs, render, stand_alone, suited
from stages.lib.results import remove_others

FOLDER = "metrics/charts"


def main() -> None:
    unit = unit_of_score(load_params())
    specs = read_specs()
    drawn = {f"{FOLDER}/{name}.svg": stand_alone(render(suited(spec, unit))) for name, spec in specs.items()}
    for path, chart in drawn.items():
        write_text(path, chart)
    remove_others(FOLDER, drawn)  # such as the charts of an experiment that is gone
    print(f"{len(drawn)} charts in {FOLDER}: {', '.join(sorted(specs))}")


if __name__ == "__main__":
    run(main)
