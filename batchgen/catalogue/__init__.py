"""1. Any catalogue becomes rows, and rows become items: one reader a format, all faults at once."""
