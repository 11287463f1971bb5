"""The full check: a resource element by element along a profile, with findings."""
