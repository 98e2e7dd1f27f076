"""Lays out the candidates of a search of many keys as parallel coordinates, which the report draws and brushes."""
