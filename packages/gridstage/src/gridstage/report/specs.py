"""Fills the templates of the plots in dvc.yaml with the rows of their tables, as DVC does."""

import csv
import re
from collections.abc import Iterator
from functools import reduce
from io import StringIO
from operator import getitem
from pathlib import Path
from typing import Any

from dvc_render import VegaRenderer
from dvc_render.exceptions import DvcRenderError
from dvc_render.vega_templates import NoFieldInDataError

from gridstage.common import UserError, format_value
from gridstage.common.artifacts import BROKEN
from gridstage.config import read_content, yaml12
from gridstage.results import WorkingTree, files
from gridstage.results.reading import Source

_PIPELINE, _TEMPLATES = "dvc.yaml", ".dvc/plots"
# The name of a param in a text of dvc.yaml.
_NAMED = re.compile(r"\$\{([\w.]+)\}")
# Charts of these folders are called by the file alone.
_UNNAMED = {"metrics", "compared", "evaluation"}

Spec = dict[str, Any]
CsvRows = list[dict[str, str]]
Options = dict[str, Any]


def chart_name(path: str) -> str:
    """Return the name of the chart of a table: `dropout` for its scores, `curves/dropout` for what else it has."""
    if path == files.CONTENDERS.path:
        return "evaluation"
    *folders, name = Path(path).with_suffix("").parts
    return "/".join([*(folder for folder in folders if folder not in _UNNAMED), name])


def read_specs() -> dict[str, Spec]:
    """Return the Vega-Lite spec of every CSV that dvc.yaml plots, filled from the current files, by `chart_name`.

    A table without rows has none, such as the predictions of a net that diverged on every split. Raises `UserError` if
    a plot's file or template is missing or invalid.
    """
    specs: dict[str, Spec] = {}
    for path, options in _plots().items():
        name, rows = chart_name(path), _rows_here(path)
        if name in specs:
            raise UserError(
                f"{path} and another plot are both called {name}. Rename one of them."
            )
        if rows:
            specs[name] = _filled(rows, path, options)
    return specs


def compared_specs(old: Source, revision: str) -> dict[str, Spec]:
    """Return the specs of `read_specs`, with the files of a commit drawn as well, on the same axes.

    A plot that the commit does not have is drawn without it; those that the commit alone has are left out.
    """
    specs: dict[str, Spec] = {}
    for path, options in _plots().items():
        if rows := _rows_here(path):
            before = _rows(old, path, revision) or []
            specs[chart_name(path)] = _filled([*before, *rows], path, options)
    return specs


def _plots() -> dict[str, Options]:
    """Return the options of each CSV that a stage plots, by its path, with values of params.yaml in their places."""
    pipeline = yaml12.load(Path(_PIPELINE).read_text(encoding="utf-8"), _PIPELINE)
    params = read_content()
    try:
        stages = pipeline["stages"].values()
        return {
            path: options
            for stage in stages
            for path, options in _plots_of(stage, params)
            if path.endswith(".csv")
        }
    except BROKEN as error:
        raise UserError(
            f"The plots of {_PIPELINE} can't be read, because of {error!r}. `dvc status` says what is wrong there."
        ) from None


def _plots_of(stage: Any, params: Any) -> Iterator[tuple[str, Options]]:
    """Yield path and options of the plots of a stage, of each of its members if it has some, as DVC fills them in."""
    scopes = [params]
    if "foreach" in stage:
        members = _value(_NAMED.findall(stage["foreach"])[0], params)
        stage, scopes = stage["do"], [params | {"key": member} for member in members]
    for listed in stage.get("plots", []):
        options_of = {listed: None} if isinstance(listed, str) else listed
        for path, options in options_of.items():
            texts = {k: v for k, v in (options or {}).items() if isinstance(v, str)}
            for scope in scopes:
                values = {key: _with_values(text, scope) for key, text in texts.items()}
                yield _with_values(path, scope), values


def _with_values(text: str, scope: Any) -> Any:
    """Return a text with the values of what it names; where it is but a name, the value itself, such as a number."""
    if whole := _NAMED.fullmatch(text):
        return _value(whole[1], scope)
    return _NAMED.sub(lambda found: format_value(_value(found[1], scope)), text)


def _value(name: str, scope: Any) -> Any:
    return reduce(getitem, name.split("."), scope)


def _rows_here(path: str) -> CsvRows:
    """Return the rows of a table; raises `UserError` if there is not even a header."""
    rows = _rows(WorkingTree(), path, "workspace")
    if rows is None:
        raise _other_table(path)
    return rows


def _rows(source: Source, path: str, revision: str) -> CsvRows | None:
    text = source.text(path)
    if not text:
        return None
    return [row | {"rev": revision} for row in csv.DictReader(StringIO(text))]


def _filled(rows: CsvRows, path: str, options: Options) -> Spec:
    try:
        renderer = VegaRenderer(rows, path, template_dir=_TEMPLATES, **options)
        return dict(renderer.get_filled_template())
    except NoFieldInDataError:
        raise _other_table(path) from None
    except (DvcRenderError, ValueError) as error:
        raise UserError(
            f"A template in .dvc/plots is missing, or is not JSON: {error}. Restore it: `git checkout -- .dvc/plots`."
        ) from None


def _other_table(path: str) -> UserError:
    return UserError(
        f"{path} is not the table that its plot draws. Run `dvc repro {path}`."
    )
