"""Which clips are bought now: of those there are, against those that were bought before. Pure.

    ordering    in what order rows become clips, and so are bought
    matching    which purchase a clip is known again by, and what follows from it
    changes     why a clip would be bought again
    sampling    some SKUs for many
    decisions   what is done with each clip, and what was selected
    budgets     what limits of money hold back

Knows no cell of a row: clips are compared by their identity.
"""
