"""Asks git and DVC: commits, the stages of dvc.yaml, hashes as dvc.lock has them, and tables that DVC tracks.

Imports `results`, `config` and `common`.
"""

from stages.lib.repository.pipeline import LOCK, PIPELINE, Pipeline, pipeline_of
from stages.lib.repository.trees import CommitTree, FolderTree, Tree
