"""The charts, in the report and in DVC."""
