"""Writes the comment on a pull request, short enough that it is read and that GitHub takes it."""

from stages.lib.changes.output import as_markdown
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
    """
    pictures, metrics = since.pictures(), since.metrics
    for most in _MOST:
        changes = as_markdown(since.comparison, most)
        for n in range(len(since.names), -1, -1):
            drawn, left_out = since.names[:n], since.names[n:]
            text = fill(
                "pr_comment.md.j2",
                against=since.against,
                base=since.base[:7],
                fresh=fresh,
                changes=changes,
                metrics=metrics[:most],
                n_metrics=len(metrics),
                charts={name: pictures[name] for name in drawn if name in since.searches},
                others={name: pictures[name] for name in drawn if name not in since.searches},
                left_out=left_out,
            )
            if len(text) <= LONGEST:
                return text
    return text[:LONGEST]
