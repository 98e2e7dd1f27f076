"""What is said of results, in sentences and in printed tables. No result is made of it: no stage depends on this room.

Imports the rooms whose results it words. Exports nothing, so a stage imports its own words only.
"""
