"""Asks git and DVC: commits, the stages of dvc.yaml, hashes as dvc.lock has them, tables that DVC tracks, and upstream.

Imports `results`, `config` and `common`.
"""

from stages.lib.repository.pipeline import PIPELINE, pipeline_of
from stages.lib.repository.trees import CommitTree, FolderTree, Tree
