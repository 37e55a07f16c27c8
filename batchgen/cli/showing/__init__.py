"""How a plan looks on a terminal: count and sum first, then samples, then what changed.

    plans        the whole of it
    samples      some prompts of each model
    changes      why clips would be bought again
    shortening   long texts, cut to what a person looks at

Knows plans, and nothing of how they were made.
"""
