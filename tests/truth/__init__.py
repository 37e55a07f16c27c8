"""A video provider that keeps the truth: what was really asked, bought, served and in flight.

Shares no code with the product (nor with its simulator), so that one mistake cannot hide another.
Only `checker` reads the product's state, through its reading side.
"""
