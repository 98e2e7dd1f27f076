"""Describes a CSV in params.yaml: `python -m stages.adopt FILE.csv TARGET`.

Looks at the file, prints what it takes each column for and why, and writes every block of params.yaml but `runtime`.
Without TARGET, it lists the columns. `--classes` or `--number` says what the target is, where adopt would take it for
the other. `--dry-run` only prints. It replaces a params.yaml that git does not have only with `--force`.
"""

import sys
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from stages.lib.adopt import (
    SEPARATORS,
    Form,
    Table,
    Taken,
    block_text,
    look_at,
    make_plan,
    may_be_thousands,
    on_copies,
    predictors_alone,
    print_columns,
    print_plan,
    read_table,
    replace_blocks,
    share_the_target,
    take_columns,
    take_target,
)
from stages.lib.common import UserError, did_you_mean, reading, run, write_text
from stages.lib.common.git import NoGitError, state_of
from stages.lib.config import PARAMS_FILE, Params, Runtime, yaml12
from stages.lib.config.problems import sentences
from stages.lib.data import load_dataset
from stages.lib.data.alike import on_twins

USAGE = "python -m stages.adopt FILE.csv [TARGET] [--classes | --number] [--dry-run] [--force]"
# What the target is, in the user's own words.
CLASSES = {"--classes": True, "--number": False}
OPTIONS = {*CLASSES, "--dry-run", "--force"}
# With fewer, no split has rows to train on and to test.
FEWEST_ROWS = 4


def main() -> None:
    names = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    if unknown := sorted(options - OPTIONS):
        raise UserError(f"{unknown[0]} is no option{did_you_mean(unknown[0], OPTIONS) or '.'} {USAGE}")
    if options >= CLASSES.keys():
        raise UserError(f"{' and '.join(CLASSES)} say the opposite of each other; give one of them: {USAGE}")
    if not 1 <= len(names) <= 2:
        raise UserError(f"a CSV file and the column to predict are needed: {USAGE}")
    if "://" in names[0]:
        raise UserError(
            f"{names[0]} is an address, and a file is needed. Download it into data/ first: `curl --location --output "
            f"data/{names[0].rpartition('/')[2] or 'mine.csv'} {names[0]}`."
        )
    path = _inside(names[0])
    target = names[1] if len(names) == 2 else None
    form = look_at(path, target)
    if target is None:
        table = read_table(path, form)
        print(_described(path, form, table))
        print_columns(take_columns(table))
        print(f"Name the column to predict: python -m stages.adopt {path} TARGET")
    elif target not in form.names:
        others = f"It has: {', '.join(form.names)}."
        raise UserError(f"{path} has no column {target!r}{did_you_mean(target, form.names) or '.'} {others}")
    else:
        _adopt(path, form, target, options)


def _adopt(path: str, form: Form, target: str, options: set[str]) -> None:
    table = read_table(path, form, target)
    if (n_rows := len(table.frame)) < FEWEST_ROWS:
        raise UserError(f"{path} has {n_rows} row{'s' * (n_rows != 1)}, too few to train and to test. Add rows.")
    classes = next((CLASSES[option] for option in options & CLASSES.keys()), None)
    outcome = take_target(path, form, table, target, classes)
    columns = take_columns(table, target)
    plan = make_plan(path, form, table, target, outcome, columns)
    with reading(PARAMS_FILE, "not UTF-8", "Save the file as UTF-8 text."):
        text = Path(PARAMS_FILE).read_bytes().decode()
    new = replace_blocks(text, plan.blocks)
    try:
        params = Params.model_validate(yaml12.load(new))
    except ValidationError as error:  # in what was there before
        known = {"the top level": Params.model_fields, "runtime": Runtime.model_fields}
        raise UserError(*(f"{PARAMS_FILE}: {problem}" for problem in sentences(error, known))) from None
    # Read the file as the stages will, so that what adopt accepts runs.
    data = load_dataset(params.data, outcome.classifies, params.seed)
    alone = predictors_alone(table, [column.name for column in columns if column.is_feature], outcome)

    print(_described(path, form, table))
    shown = Taken(target, "target", outcome.shares, 0, outcome.why)
    print_columns(sorted([*columns, shown], key=lambda column: form.names.index(column.name)))
    print_plan(plan)
    for name, score in alone.items():
        print(
            f"warning: {name} alone predicts {target}: a tree scores {score:.3f}. If it is known only after {target}, "
            f"set data.columns.{name} to {{use: false}}."
        )
    for name in share_the_target(table, [column.name for column in columns if column.may_group], outcome):
        print(
            f"warning: rows with the same {name} have the same {target}. A model that recognises {name} by the other "
            "columns need not learn more, so scores are too high for new ones. Group the rows as the hint below says."
        )
    for warning in filter(None, [on_copies(data, path), on_twins(data.classes)]):
        print(f"warning: {warning}")
    for name in may_be_thousands(table, form):
        print(
            f"hint: {name} is read with decimal points, as in {table.frame[name].max():g}. If its points separate "
            "thousands, remove them from the CSV and adopt again."
        )
    for hint in (column.hint for column in columns if column.hint):
        print(f"hint: {hint}")
    if "--dry-run" in options:
        print(*(block_text(name, block) for name, block in plan.blocks.items()), sep="", end="")
        print(f"{PARAMS_FILE} was left unchanged.")
        return
    if "--force" not in options:
        _check_git_has_it()
    write_text(PARAMS_FILE, new)
    print(f"{PARAMS_FILE}: replaced {', '.join(plan.blocks)}. Run `dvc repro`.")


def _inside(name: str) -> str:
    """Return the path as params.yaml writes it, relative to the repository; raises `UserError` if it is outside."""
    if not Path(PARAMS_FILE).is_file():
        raise UserError(f"{PARAMS_FILE} is missing here. Run from the top of the repository.")
    try:
        return Path(name).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        raise UserError(f"{name} is outside of the repository. Copy it into data/ first.") from None


def _check_git_has_it() -> None:
    """Raise `UserError` if git could not bring params.yaml back as it is."""
    with suppress(NoGitError):
        if not state_of(PARAMS_FILE):
            return
    raise UserError(
        f"git does not have {PARAMS_FILE} as it is, so it could not be brought back. "
        "Commit it, or add --force to replace its blocks."
    )


def _described(path: str, form: Form, table: Table) -> str:
    parts = [
        f"{len(table.frame):,} rows, {len(form.names)} columns",
        f"{SEPARATORS[form.separator]} between cells",
        *(["decimal commas"] if form.decimal == "," else []),
        form.encoding,
        "a header" if form.header else "no header",
    ]
    if table.na_values:
        parts.append("missing cells: " + ", ".join(repr(cell) if cell else "empty" for cell in table.na_values))
    return f"{path}: {'; '.join(parts)}"


if __name__ == "__main__":
    run(main)
