"""Finds the pictures that rows name, opens local ones, and remembers what was found in them."""
