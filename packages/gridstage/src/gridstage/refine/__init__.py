"""Builds the experiment that refines a search. Imports `config` and `common`."""

from gridstage.refine.finer import narrow, next_name, refine
