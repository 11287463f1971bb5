"""Getting packages from a registry that speaks npm's protocol."""
