"""Which value belongs to which slice."""
