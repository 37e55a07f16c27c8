"""Whose export a table is, and what its columns mean: vendors are data, one YAML file each.

    Table ──► shape_of ──► Shape: our name -> headers ──► shape.rows ──► Rows with our names

    loading        profiles of the package (`vendors/`) and of the user
    recognition    headers ──► the profile that fits best, and which header holds what
    naming         one row ──► the same row with our names, pictures in a list, texts cleaned
    grouping       rows of one product, one after another ──► one row, or one a variant
    children       variants that name their parent ──► folded into it, or completed from it
    cleaning       texts and prices

A new vendor is one more file in `vendors/` (its keys: `schema`), a user's own one lies beside the
job file.
"""
