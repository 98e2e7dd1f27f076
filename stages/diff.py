"""Says what changed between two commits, and whether it is more than chance; trains nothing: `make diff AGAINST=main`.

A revision is a branch, a tag, a commit, or a DVC experiment. With one, it is compared with the working tree; with none,
HEAD is. `--md` prints Markdown, `--json` prints JSON.

Usage: python -m stages.diff [--md | --json] [OLD] [NEW]
"""

import json
import sys

from stages.lib.changes.comparison import compare
from stages.lib.changes.markdown import as_markdown
from stages.lib.changes.output import as_json, as_text
from stages.lib.changes.results import Results
from stages.lib.changes.snapshot import Snapshot
from stages.lib.common import UserError, run

# Longer lists are cut in Markdown.
MOST = 30


def main() -> None:
    forms, revisions = ([each for each in sys.argv[1:] if each.startswith("-") == option] for option in (True, False))
    if len(forms) > 1 or len(revisions) > 2 or not {*forms} <= {"--md", "--json"}:
        raise UserError("two revisions at most, and --md or --json: python -m stages.diff --md main")
    old, new = [*(revisions or ["HEAD"]), None][:2]
    changes = compare(*(Results(Snapshot.of(each)) for each in (old, new)))
    if forms == ["--json"]:
        print(json.dumps(as_json(changes), indent=2, ensure_ascii=False))
    else:
        print(as_markdown(changes, MOST) if forms else as_text(changes), end="" if forms else "\n")


if __name__ == "__main__":
    run(main)
