"""Lays out the candidates of a search of many keys as parallel coordinates, which the report draws and brushes."""

from stages.lib.report.parallel.chart import Parallel, parallel_coordinates

__all__ = ["Parallel", "parallel_coordinates"]
