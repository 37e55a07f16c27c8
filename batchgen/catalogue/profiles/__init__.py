"""Whose export a table is, and what its columns mean: vendors are data, one YAML file each.

Table ──► shape_of ──► Shape: our name -> headers ──► shape.rows(entries) ──► Rows with our names
"""
