"""Stage `charts`: draws every plot as SVG.

A chart that was drawn from the same spec by the same code, and that nobody has edited, stays as it is. Without
metrics/charts/drawn.json, which `gridstage rerun` deletes, all are drawn.
"""

import json
from pathlib import Path
from typing import Any

from gridstage.common import run, write_text
from gridstage.config import load_params
from gridstage.config.schema import unit_of_score
from gridstage.report.charts import (
    digest_of,
    drawn_by,
    render,
    stand_alone,
    suited,
)
from gridstage.report.specs import read_specs
from gridstage.results import files, remove_others, write
from gridstage.results.files import CHARTS


def main() -> None:
    unit = unit_of_score(load_params())
    specs = {name: suited(spec, unit) for name, spec in read_specs().items()}
    by, before, digests = drawn_by(), _digests(), dict[str, str]()
    for name, spec in specs.items():
        path = Path(CHARTS, f"{name}.svg")
        there = digest_of(by, spec, path.read_bytes()) if path.exists() else None
        if there is None or there != before.get(name):
            write_text(path, stand_alone(render(spec)))
            there = digest_of(by, spec, path.read_bytes())
        digests[name] = there
    write(files.DRAWN, digests)
    # Others are such as the charts of an experiment that is gone.
    remove_others(
        CHARTS, [files.DRAWN.path, *(f"{CHARTS}/{name}.svg" for name in specs)]
    )
    print(f"{len(specs)} charts in {CHARTS}: {', '.join(sorted(specs))}")


def _digests() -> dict[str, Any]:
    """Return what was written of the charts that stand there."""
    try:
        return dict(json.loads(Path(files.DRAWN.path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


if __name__ == "__main__":
    run(main)
