"""4. The one truth: its port, the SQLite state, and the money in it."""
