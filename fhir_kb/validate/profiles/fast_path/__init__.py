"""A quick sufficient check: what surely conforms needs no full evaluation."""
