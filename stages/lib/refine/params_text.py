"""Inserts an experiment into the text of params.yaml, and leaves every other character unchanged."""

import textwrap
from typing import Any

import yaml

from stages.lib.config import PARAMS_FILE, Experiment, yaml12
from stages.lib.config.blocks import as_dvc_writes, edited, spans


def add_experiment(text: str, after: str, name: str, experiment: Experiment, comment: str) -> str:
    """Return the text of a valid params.yaml with a new block right after the experiment `after`.

    The comment is one line at the top of the block: above the block, it could follow a list, where DVC loses comments.
    Raises `UserError`, which contains the block, if the file is written in a form that leaves no place for a block.
    """
    content, new = yaml12.load(text), {name: experiment.model_dump()}
    block = _block(new, comment)

    def insert(text: str) -> str:
        start, end = spans(text, "experiments")[after]
        indent = text[:start].rpartition("\n")[2]
        return text[:end] + textwrap.indent(block, indent) + text[end:]

    refusal = (
        f"{PARAMS_FILE}: experiments is written in a form that takes no further block; the file was left unchanged. "
        f"Write the experiments as blocks, one below the other, or add this one by hand:\n{block}"
    )
    return edited(text, insert, content | {"experiments": content["experiments"] | new}, refusal)


def _block(experiment: dict[str, Any], comment: str) -> str:
    head, _, rest = yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True, width=2**16).partition("\n")
    whole = "experiments:\n" + textwrap.indent(f"{head}\n  # {comment}\n{rest}", "  ")
    written = as_dvc_writes(whole, {"experiments": experiment}) or whole
    return textwrap.dedent(written.partition("\n")[2])
