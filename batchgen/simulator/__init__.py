"""The API on loopback: tiers, task lives, errors, the bill, and clips drawn from the pictures."""
