"""Scores the contenders of the evaluation, chooses among them, and saves the answer and the kept net.

Imports every room below.
"""

from gridstage.evaluate.contents import contents_of
from gridstage.evaluate.judged import judge, see
from gridstage.evaluate.saved import fit_saved, save

__all__ = ["contents_of", "fit_saved", "judge", "save", "see"]
