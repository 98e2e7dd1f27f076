"""Writes the comment on a pull request, short enough that it is read and that GitHub takes it."""

from stages.lib.changes.markdown import as_markdown
from stages.lib.report.changes import Since
from stages.lib.report.fresh_run import FreshRun
from stages.lib.report.templating import fill

# In characters; GitHub takes 65,536.
LONGEST = 20_000
# How many searches, metrics and causes are listed: fewer if the comment gets too long.
_MOST = (30, 10, 3)


def comment(since: Since, fresh: FreshRun) -> str:
    """Return the comment: the verdict, what changed, the charts of the searches that changed, and the rest folded.

    Charts that do not fit are named. If nothing else helps, lists are cut as well.

    Parameters
    ----------
    since : Since
    fresh : FreshRun
    """
    pictures = since.pictures()
    changed = {search.name for search in since.found.changed}
    names, metrics = since.names, since.metrics
    for most in _MOST:
        changes = as_markdown(since.found, most)
        for n in range(len(names), -1, -1):
            text = fill(
                "pr_comment.md.j2",
                against=since.against,
                base=since.base[:7],
                fresh=fresh,
                changes=changes,
                metrics=metrics[:most],
                n_metrics=len(metrics),
                charts={name: pictures[name] for name in names[:n] if name in changed},
                others={name: pictures[name] for name in names[:n] if name not in changed},
                left_out=names[n:],
            )
            if len(text) <= LONGEST:
                return text
    return text[:LONGEST]
