"""Builds the experiment that refines a search. Imports `config` and `common`."""

from stages.lib.refine.finer import narrow, next_name, refine
