"""Writes the blocks of README.md that are made from metrics/: `make docs`.

A block stands between the lines `<!-- make docs: NAME -->` and `<!-- make docs: end -->`. NAME is leaderboard, answer,
searches or comparison. The rest of the page is yours, and so is which blocks it has, and where.
"""

from argparse import Namespace
from pathlib import Path

from stages.lib.common import (
    Arguments,
    UserError,
    first_of,
    join_words,
    reading,
    run,
    write_text,
)
from stages.lib.config import load_params
from stages.lib.docs import contents, find_blocks, replace_blocks
from stages.lib.repository.staleness import stale_stages

PAGE = Path("README.md")
# The most stages that a message lists.
_MOST = 4

ARGUMENTS = Arguments("stages.docs", __doc__)
ARGUMENTS.add_argument(
    "--check",
    action="store_true",
    help="write nothing; fail if a block is not up to date",
)


def main(arguments: Namespace) -> None:
    with reading(PAGE, "not text in UTF-8", "Save it as UTF-8."):
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    blocks = find_blocks(str(PAGE), page)
    if not blocks:
        print(
            f"{PAGE} has no blocks to make; `python -m stages.docs --help` says how to add one"
        )
        return
    if not arguments.check and (stale := stale_stages()):
        earlier = f"not up to date: {first_of(stale, _MOST)}. {PAGE} would say what an earlier run has found"
        raise UserError(f"{earlier}. Run `dvc repro`.")
    made = contents(load_params(), blocks)
    old = [
        name for name, text in blocks.items() if text.strip() != made[name]
    ]  # whatever lines are empty
    if not old:
        print(f"{PAGE} is up to date")
    elif arguments.check:
        raise UserError(
            f"{PAGE} says something else than metrics/, in {join_words(sorted(old))}. Run `make docs`."
        )
    else:
        write_text(PAGE, replace_blocks(page, made))
        print(f"{PAGE}: made anew from metrics/")


if __name__ == "__main__":
    run(main, ARGUMENTS)
