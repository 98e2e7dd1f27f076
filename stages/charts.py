"""Stage `charts`: draws every plot as SVG."""

from stages.lib.common import run, write_text
from stages.lib.report.charts import read_specs, render, stand_alone


def main() -> None:
    specs = read_specs()
    for name, spec in specs.items():
        write_text(f"metrics/charts/{name}.svg", stand_alone(render(spec)))
    print(f"drew {len(specs)} charts in metrics/charts: {', '.join(sorted(specs))}")


if __name__ == "__main__":
    run(main)
