"""Code that the stages share, in one folder ("room") per topic. A room imports from lower floors only.

pyproject.toml lists the floors, and import-linter checks them.
"""
