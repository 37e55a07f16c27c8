"""Planted bugs: each a small, plausible mistake in the product, with the tests that must see it."""
