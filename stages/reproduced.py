"""Says whether the results are those that are committed, byte for byte; `make repro` ends with it.

Exits with status 1 if git can't compare them.
"""

from stages.lib.changes.revisions import differing_results
from stages.lib.common import UserError, run

# Of docs/engine.md, "What is promised".
_ON_ANOTHER_PROCESSOR = (
    "If another processor made those, files may differ of a search whose nets TorchScript or skorch trains, instead of "
    "the engine's kernel, or whose first weights come from orthogonal_, and so may files that are made from them: "
    "torch rounds in another way there. No others may. `lockstep.explain` says what trains a net."
)


def main() -> None:
    try:
        differing = differing_results()
    except UserError as error:
        raise UserError(f"The results could not be compared with the committed ones: {error}") from None
    if differing:
        print("These files differ from the committed ones:", *differing, sep="\n")
        print(_ON_ANOTHER_PROCESSOR)
    else:
        print("Every metric and the model are byte-identical to the committed ones.")


if __name__ == "__main__":
    run(main)
