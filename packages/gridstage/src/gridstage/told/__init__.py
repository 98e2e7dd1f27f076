"""What is said of results, in sentences and in printed tables.

One result is made of it, the page metrics/README.md, so only the stage `results` depends on this room. Imports the
rooms whose results it words. Exports nothing, so a stage imports its own words only.
"""
