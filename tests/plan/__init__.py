"""Tests of the plan: pure, by table and by whole values."""
