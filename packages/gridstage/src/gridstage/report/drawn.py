"""Draws the charts of the pipeline, but for those that nothing has changed since."""

import json
from collections.abc import Mapping
from pathlib import Path

from gridstage.common import write_text
from gridstage.config import Params
from gridstage.config.schema import unit_of_score
from gridstage.report.charts import digest_of, drawn_by, render, stand_alone, suited
from gridstage.report.specs import Spec, read_specs
from gridstage.results import files


def chart_specs(params: Params) -> dict[str, Spec]:
    """Return what the charts of dvc.yaml show, filled from the files under metrics/.

    Parameters
    ----------
    params : Params
        Whose target gives scores their unit.

    Returns
    -------
    dict of str to dict
        A Vega-Lite spec by the name of its chart, such as `curves/dropout`.

    Raises
    ------
    UserError
        If a table or a template is missing or broken.

    Examples
    --------
    >>> chart_specs(params)["leaderboard"]["title"]["text"]
    'The best of each experiment'
    """
    unit = unit_of_score(params)
    return {name: suited(spec, unit) for name, spec in read_specs().items()}


def draw_charts(specs: Mapping[str, Spec]) -> dict[str, str]:
    """Draw charts as SVG below metrics/charts, but for those that nothing has changed since.

    A chart is drawn if its spec or this code was another one then, or if the file was edited.

    Parameters
    ----------
    specs : mapping of str to dict
        As `chart_specs` returns them.

    Returns
    -------
    dict of str to str
        A digest of each chart, by its name, which is written to metrics/charts/drawn.json.

    Raises
    ------
    UserError
        If a spec is not Vega-Lite.

    Examples
    --------
    >>> drawn = draw_charts({"leaderboard": chart_specs(params)["leaderboard"]})
    >>> open("metrics/charts/leaderboard.svg").read(4), list(drawn)
    ('<svg', ['leaderboard'])
    """
    by, before, digests = drawn_by(), _digests(), dict[str, str]()
    for name, spec in specs.items():
        path = Path(files.CHARTS, f"{name}.svg")
        there = digest_of(by, spec, path.read_bytes()) if path.exists() else None
        if there is None or there != before.get(name):
            write_text(path, stand_alone(render(spec)))
            there = digest_of(by, spec, path.read_bytes())
        digests[name] = there
    return digests


def _digests() -> dict[str, str]:
    """Return what was written of the charts that stand there."""
    try:
        return dict(json.loads(Path(files.DRAWN.path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
