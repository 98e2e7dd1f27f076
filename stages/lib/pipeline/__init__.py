"""Which stages dvc.yaml has, what dvc.lock says of them, and the hashes of files as dvc.lock has them.

Imports `config` and `common`.
"""

from stages.lib.pipeline.lock_file import LOCK, LockText, drop_strays, split
from stages.lib.pipeline.stages import PIPELINE, Pipeline, pipeline_of
from stages.lib.pipeline.trees import CommitTree, FolderTree, Tree
