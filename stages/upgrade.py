"""Takes over what upstream has changed, and leaves alone what is yours: `make upgrade`.

Upstream is the project that yours began from; a remote of git has this name. Merges its default branch without a
commit. Params, data, results, models and README.md stay as they are here, whatever upstream did to its own.
"""

from stages.lib.common import UserError, counted, join_words, run
from stages.lib.repository import upstream
from stages.lib.repository.git import git
from stages.lib.repository.upstream import UPSTREAM, YOURS, named


def main() -> None:
    upstream.check_ready()
    theirs = upstream.fetch_upstream()
    base = upstream.base_of(theirs)
    n_commits = int(git("rev-list", "--count", f"{base}..{theirs}"))
    if not n_commits:
        print(f"You have all that {UPSTREAM} has, up to {named(theirs)}.")
        return
    conflicts = upstream.merge_upstream(theirs)
    merged = (
        f"Merged {counted(n_commits, 'commit')} of {UPSTREAM}, up to {named(theirs)}."
    )
    print(
        f"{merged} CHANGELOG.md says what is new.\n{join_words(YOURS)} are as they were."
    )
    if conflicts:
        raise UserError(
            f"git can't unite your changes and {UPSTREAM}'s in {join_words(conflicts)}. Edit each of these files, or "
            f"take {UPSTREAM}'s by `git checkout --theirs -- FILE`, and `git add` it. Then run `make check`."
        )
    print(
        "Nothing is committed yet. When `make check` is content, run `dvc repro`, `git add --all` and "
        "`git commit --no-edit --cleanup=strip`. To give up, run `git reset --hard`."
    )


if __name__ == "__main__":
    run(main)
