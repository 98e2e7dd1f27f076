"""Prints what HEAD changes against another branch, as Markdown for a pull request: `make pr-comment AGAINST=main`.

Exits with 1 where the committed metrics are not those of a fresh run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from stages.lib.errors import UserError, run
from stages.lib.fresh_run import run_fresh
from stages.lib.report import CHARTS
from stages.lib.revisions import changes, commit_of, differing, files, is_committed, merge_base
from stages.lib.templating import fill


def repository() -> str | None:
    """Return the address of the repository on GitHub: from a workflow's variables, or the remote `origin`."""
    if "GITHUB_REPOSITORY" in os.environ:
        return f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
    remote = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True).stdout.strip()
    found = re.search(r"github\.com[:/](.+?)(\.git)?$", remote)
    return f"https://github.com/{found[1]}" if found else None


def changed_charts(old: str, new: str) -> list[dict[str, str | None]]:
    """Return the charts whose SVG differs, each as Markdown of the picture in both commits."""
    home = repository()
    before, after = (files(commit, str(CHARTS)) for commit in (old, new))

    def picture(commit: str, path: str, there: dict[str, str]) -> str | None:
        if path not in there:
            return None
        # Without a page that serves it, the file of a commit has no address.
        return f"![{path}]({home}/raw/{commit}/{path})" if home else f"`git show {commit[:7]}:{path}`"

    return [
        {"name": Path(path).stem, "old": picture(old, path, before), "new": picture(new, path, after)}
        for path in differing(before, after)
    ]


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed, a branch or commit: python -m stages.pr_comment main")
    against = sys.argv[1]
    base, head = merge_base(against), commit_of("HEAD")
    if not is_committed():
        print("note: what is not committed is left out; the comment is about HEAD.", file=sys.stderr)
    fresh = run_fresh()
    comment = fill(
        "pr_comment.md.j2",
        against=against,
        fresh=fresh,
        # Where DVC can't read a commit, it takes all that it has for removed.
        params=changes("params", base, head) if fresh.readable else None,
        metrics=changes("metrics", base, head) if fresh.readable else None,
        charts=changed_charts(base, head),
    )
    print(comment, end="")
    if fresh.failed:
        raise UserError("A fresh run of HEAD fails; what it says stands above.")
    if not fresh.reproduced:
        raise UserError("The committed metrics are not those of a fresh run; the comment says what to do.")


if __name__ == "__main__":
    run(main)
