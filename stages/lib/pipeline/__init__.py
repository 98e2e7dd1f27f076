"""Which stages dvc.yaml has, and the hashes of files as dvc.lock has them.

Imports `config` and `common`.
"""

from stages.lib.pipeline.stages import LOCK, PIPELINE, Pipeline, pipeline_of
from stages.lib.pipeline.trees import CommitTree, FolderTree, Tree
