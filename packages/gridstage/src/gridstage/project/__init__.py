"""A project of one's own: which files gridstage owns in it, of what they are made, how they are updated, its packages.

The texts are this repository's own files, in template/, changed by a few rules. Imports `repository` and `common`.
"""

from gridstage.project.files import begun_with, texts_of
from gridstage.project.place import (
    refuse_existing,
    repository_of,
    undone_if_it_fails,
)
