"""Builds the report page and the charts, and says what changed since a revision.

Imports every floor below.
"""

from gridstage.report.drawn import chart_specs, draw_charts

__all__ = ["chart_specs", "draw_charts"]
