"""Stage `charts`: draws every plot as SVG."""

from stages.lib.common import remove_others, run, write_text
from stages.lib.config import load_params
from stages.lib.report.charts import read_specs, render, stand_alone, suited
from stages.lib.report.subject import unit_of_score

FOLDER = "metrics/charts"


def main() -> None:
    unit = unit_of_score(load_params())
    specs = read_specs()
    drawn = {f"{FOLDER}/{name}.svg": stand_alone(render(suited(spec, unit))) for name, spec in specs.items()}
    for path, chart in drawn.items():
        write_text(path, chart)
    remove_others(FOLDER, drawn)  # such as the charts of an experiment that is gone
    print(f"drew {len(specs)} charts in {FOLDER}: {', '.join(sorted(specs))}")


if __name__ == "__main__":
    run(main)
