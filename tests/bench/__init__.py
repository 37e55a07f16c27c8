"""Measurements of speed, each a module of its own: `python -m tests.bench.recovery`.

They print figures and assert nothing: what is asserted stands in the tests.
"""
