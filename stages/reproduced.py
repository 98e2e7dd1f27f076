"""Says whether the results are those that are committed, byte for byte; `make repro` ends with it.

Exits with status 1 if git can't compare them.
"""

from stages.lib.common import UserError, run
from stages.lib.repository.revisions import differing_results
from stages.lib.results import Results, files
from stages.lib.told.scores import not_by_kernel_told

# Of docs/engine.md, "What is promised".
_BY_KERNEL = (
    "The engine's kernel trained every net, so another processor does not explain it, unless first weights come from "
    "orthogonal_, or a module of your own draws them in float32."
)
_WHAT_ELSE = (
    "All other differences come from other settings, code, data or packages: `make status` and `git diff` show them. "
    "`git restore metrics models dvc.lock` takes this run back."
)


def main() -> None:
    try:
        differing = differing_results()
    except UserError as error:
        raise UserError(f"The results could not be compared with the committed ones: {error}") from None
    if not differing:
        print("Every metric and the model are byte-identical to the committed ones.")
        return
    print("These files differ from the committed ones:", *differing, sep="\n")
    print(*(_not_by_kernel(Results()) or [_BY_KERNEL]), _WHAT_ELSE, sep="\n")


def _not_by_kernel(results: Results) -> list[str]:
    """Say which nets of the results the kernel did not train."""
    written = [results.json(files.SUMMARY, name) for name in results.names(files.CANDIDATES)]
    written += [results.json(files.EVALUATION)] if results.has(files.EVALUATION) else []
    return [sentence for content in written for sentence in not_by_kernel_told(content)]


if __name__ == "__main__":
    run(main)
