"""The safety proofs: fuzzing, faults and damage against the real parts (`make prove`)."""
