"""2. Items x matrix x what already happened becomes a plan. Pure: no file, clock or network.

    Items ──► clips: rows become clips ──► layout: all of them, compact
          ──► choosing: which are bought now ──► planning: the Plan, for money and people

Its values are in `values`; `lock` and `summary` write it down, and `forecasting` tells when it will
be done.
"""
