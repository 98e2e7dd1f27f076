"""Stage `charts`: draws every plot as SVG."""

from stages.lib.common import run, write_text
from stages.lib.config import load_params
from stages.lib.report.charts import read_specs, render, stand_alone, suited
from stages.lib.report.subject import unit_of_score


def main() -> None:
    unit = unit_of_score(load_params())
    specs = read_specs()
    for name, spec in specs.items():
        write_text(f"metrics/charts/{name}.svg", stand_alone(render(suited(spec, unit))))
    print(f"drew {len(specs)} charts in metrics/charts: {', '.join(sorted(specs))}")


if __name__ == "__main__":
    run(main)
