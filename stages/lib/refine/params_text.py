"""Inserts an experiment into the text of params.yaml, and leaves every other character unchanged.

Parsing and rewriting the whole file would reformat its lists, quotes and line widths, and lose comments.
"""

import re
import textwrap
from typing import Any

import yaml
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE, Experiment, yaml12


def add_experiment(text: str, after: str, name: str, experiment: Experiment, comment: str) -> str:
    """Return the text of a valid params.yaml with a new block right after the experiment `after`.

    The comment is one line at the top of the block: above the block, it could follow a list, where DVC loses comments.
    Raises `UserError`, which contains the block, if the file is written in a form that leaves no place for a block.
    """
    content, settings = yaml12.load(text), experiment.model_dump()
    expected: dict[str, Any] = {}
    for key, value in content["experiments"].items():
        expected |= {key: value, name: settings} if key == after else {key: value}

    windows = "\r\n" in text
    text = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    block = _block(name, settings, comment)
    place, column = _end_of(text, after)
    new = text[:place] + textwrap.indent(block, " " * column) + text[place:]
    try:
        written = yaml12.load(new)
    except yaml12.NotYAMLError:
        written = None
    if written != content | {"experiments": expected} or [*written["experiments"]] != [*expected]:
        raise UserError(
            f"{PARAMS_FILE}: experiments is written in a form that takes no further block; the file was left "
            f"unchanged. Write the experiments as blocks, one below the other, or add this one by hand:\n{block}"
        )
    return new.replace("\n", "\r\n") if windows else new


def _block(name: str, settings: dict[str, Any], comment: str) -> str:
    """Return the text of an experiment in the form of DVC's writer, so that `dvc exp run -S` does not change it."""
    head, _, rest = yaml.safe_dump({name: settings}, sort_keys=False, allow_unicode=True, width=2**16).partition("\n")
    whole = "experiments:\n" + textwrap.indent(f"{head}\n  # {comment}\n{rest}", "  ")
    written = dumps_yaml(parse_yaml_for_update(whole, PARAMS_FILE))
    # DVC's writer leaves out the last of 17 digits.
    same = yaml12.load(written) == {"experiments": {name: settings}}
    return textwrap.dedent((written if same else whole).partition("\n")[2])


def _end_of(text: str, name: str) -> tuple[int, int]:
    """Return where an experiment's block ends, and the column in which it starts.

    Comments after the block that are indented no deeper than its name belong to what follows.
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    experiments = next(value for key, value in root.value if key.value == "experiments")
    # Use the marks of keys: the mark of a value that is an alias points elsewhere.
    starts = {key.value: key.start_mark for key, _ in experiments.value}
    position = [*starts].index(name)
    end = [*starts.values(), experiments.end_mark][position + 1]
    column = starts[name].column
    before = text[: end.index - end.column]
    return len(re.sub(rf"(^[ \t]*\n|^ {{0,{column}}}#.*\n)*\Z", "", before, flags=re.MULTILINE)), column
