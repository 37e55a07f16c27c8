"""Draws the sample catalogue's product pictures; only `draw.py` beside this folder needs it."""
