"""Asks git and DVC: commits, the stages of dvc.yaml, hashes as dvc.lock has them, and tables that DVC tracks.

Imports `results`, `config` and `common`.
"""

from gridstage.repository.pipeline import PIPELINE, pipeline_of
from gridstage.repository.trees import CommitTree, FolderTree, Tree
