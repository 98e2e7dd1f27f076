"""Merges a page whose blocks are made: what people wrote around them, with the blocks left empty."""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.common.git import git
from stages.lib.config.yaml12 import conflict_line

# A block that `make docs` fills: the line that begins it, and the one that ends it.
_BLOCK = re.compile(r"^(<!-- make docs: (?!end -->).*-->\n)(?:.*\n)*?(?=<!-- make docs: end -->)", re.MULTILINE)


def merged_page(path: str) -> str | None:
    """Return the text of a page that both sides of a merge have changed, its blocks empty; None if people must merge.

    A page without conflict markers is merged already, and is returned as it is.
    """
    # One side has deleted the page, or both have made it. Without entries, it was added to the index since.
    sides = git("ls-files", "--unmerged", "--", path).splitlines()
    if not Path(path).is_file() or 0 < len(sides) < 3:
        return None
    content = Path(path).read_bytes()
    if not conflict_line(content):
        return content.decode()
    with TemporaryDirectory() as folder:
        files = [str(Path(folder, side)) for side in ("ours", "base", "theirs")]
        try:
            for file, number in zip(files, (2, 1, 3), strict=True):
                text = _BLOCK.sub(r"\1", git("show", f":{number}:{path}"))
                Path(file).write_text(text, encoding="utf-8", newline="")
        except subprocess.CalledProcessError:  # it was added with its markers, so git has no sides of it any more
            return None
        done = subprocess.run(
            ["git", "merge-file", "--stdout", "--quiet", *files], capture_output=True, encoding="utf-8"
        )
    return None if done.returncode else done.stdout
