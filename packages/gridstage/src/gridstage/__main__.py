"""The command `gridstage`: `gridstage COMMAND` runs a module of `gridstage.commands`."""

import argparse
import shlex
import sys
from importlib import import_module
from pathlib import Path

from gridstage.common import run

# What each does, in the order of `gridstage --help`.
COMMANDS = {
    "new": "make a project, for a table or for the example",
    "adopt": "describe a table in params.yaml",
    "check": "find all mistakes before anything runs",
    "refine": "propose a finer grid around the best of a search",
    "diff": "say what changed, and whether it is more than chance",
    "report": "write report.html, a page with all results",
    "predict": "predict the rows of a table",
    "rerun": "run every stage from scratch, several at once",
    "reproduced": "compare the results with the committed ones",
    "update": "bring the project to the installed version",
}

_PIPELINE = "dvc.yaml"


def main() -> None:
    """Run the command that the arguments name."""
    called = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if called not in COMMANDS:
        _parser().parse_args([called])
    if called != "new" and not {"-h", "--help"} & {*sys.argv[2:]}:
        _check_place()
    module = import_module(f"gridstage.commands.{called}")
    sys.argv[:2] = [f"gridstage {called}"]
    run(module.main, getattr(module, "ARGUMENTS", None))


def _check_place() -> None:
    """End with a sentence outside of a project, where every file would be missing."""
    here = Path.cwd()
    if (here / _PIPELINE).exists():
        return
    remedy = "Change to the folder of a project, or make one: `gridstage new FOLDER`."
    around = next((each for each in here.parents if (each / _PIPELINE).exists()), None)
    if around:
        remedy = (
            f"Change to the folder of the project: `cd {shlex.quote(str(around))}`."
        )
    sys.exit(f"error: {here} is not a project, because it has no {_PIPELINE}. {remedy}")


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        "gridstage",
        usage="gridstage COMMAND [ARGUMENT ...]",
        description="commands:\n" + "\n".join(lines),
        epilog="`gridstage COMMAND --help` says more of one, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS
    )
    return parser


if __name__ == "__main__":
    main()
