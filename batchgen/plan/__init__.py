"""2. Items x matrix x what already happened becomes a plan. Pure: no file, clock or network."""
