"""Structure: names of properties, arrays, cardinalities."""
